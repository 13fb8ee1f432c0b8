// What is shown of requests while they are served, and cancelling them by their ids.
#include <nlohmann/json.hpp>

#include "server/test_server.h"

namespace quire::server::test {
namespace {

using Json = nlohmann::json;

class LiveServer : public ServerTest {
 protected:
  // Streams "held " and then waits.
  std::unique_ptr<RawClient> hold(const std::string& id, const std::string& more = "", std::string_view headers = "") {
    auto client = std::make_unique<RawClient>(port());
    client->post("/api/generate", prompt_body("hold", more), "X-Request-Id: " + id + "\r\n" + std::string(headers));
    EXPECT_TRUE(client->read_until("held "));
    return client;
  }
  RawResponse cancel(std::string_view id) {
    RawClient client(port());
    client.send("DELETE /api/requests/" + std::string(id) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return client.response().value_or(RawResponse{});
  }
  Json queue() { return Json::parse(get("/api/queue").body)["requests"]; }
  Json contexts() { return Json::parse(get("/api/contexts").body)["contexts"]; }
};

TEST_F(LiveServer, shows_what_waits_and_what_runs) {
  start();
  EXPECT_EQ(get("/api/queue").body, R"({"requests":[]})");
  EXPECT_EQ(get("/api/contexts").body, R"({"contexts":[]})");
  const auto first = hold("first", R"("user":"ann","priority":1)");
  const auto second = hold("second");
  const auto third = hold("third");
  const SequenceId running = FakeRecord::next(record_.submitted).id;
  std::vector<SequenceView> views(2);
  const int64_t now_ns = clock_.now_ns();
  views[0] = {.id = running,
              .state = SequenceState::running,
              .band = 0,
              .prompt_tokens = 5,
              .computed_tokens = 7,
              .cached_tokens = 4,
              .generated_tokens = 3,
              .length_max = 200,
              .blocks_own = 1,
              .blocks_shared = 2,
              .preemptions = 6,
              .started_ns = now_ns};
  views[1] = {.id = SequenceId{running.value + 1},
              .position = 0,
              .reason = WaitReason::memory,
              .expected_start_ns = now_ns + 3'600'000'000'000};
  record_.sequences.set(views);

  const Json waiting = queue();
  ASSERT_EQ(waiting.size(), 2U);
  EXPECT_EQ(waiting[0]["id"], "second");
  EXPECT_EQ(waiting[0]["state"], "waiting");
  EXPECT_EQ(waiting[0]["reason"], "memory");
  EXPECT_EQ(waiting[0]["model"], "fake:latest");
  EXPECT_EQ(waiting[0]["client"], "127.0.0.1");
  EXPECT_EQ(waiting[0]["band"], 3);
  EXPECT_EQ(waiting[0]["position"], 0);
  EXPECT_EQ(waiting[0]["tokens"], 5);
  EXPECT_GE(waiting[0]["age_ms"], 0);
  EXPECT_GT(waiting[0]["expected_start_ms"], 3'000'000);
  // The engine has not shown the third: nothing is invisible.
  EXPECT_EQ(waiting[1]["id"], "third");
  EXPECT_EQ(waiting[1]["state"], "arriving");
  EXPECT_TRUE(waiting[1]["position"].is_null());
  EXPECT_TRUE(waiting[1]["reason"].is_null());
  EXPECT_TRUE(waiting[1]["expected_start_ms"].is_null());

  const Json shown = contexts();
  ASSERT_EQ(shown.size(), 1U);
  Json context = shown[0];
  EXPECT_GE(context["wait_ms"], 0);
  EXPECT_GE(context["first_token_ms"], 0);
  EXPECT_GE(context["tokens_per_second"], 0.0);
  for (const char* timed : {"age_ms", "wait_ms", "first_token_ms", "tokens_per_second"}) context.erase(timed);
  EXPECT_EQ(context, Json::parse(R"({"id":"first","choice":0,"model":"fake:latest","client":"user:ann",
      "state":"running","priority":1,"band":0,"prompt_tokens":5,"cached_tokens":4,"computed_tokens":7,
      "generated_tokens":3,"tokens_max":200,"blocks_own":1,"blocks_shared":2,"preemptions":6})"));
}

TEST_F(LiveServer, shows_a_parked_one_in_both_lists) {
  start();
  const auto client = hold("parked");
  const SequenceId id = FakeRecord::next(record_.submitted).id;
  record_.sequences.set({{.id = id, .state = SequenceState::parked, .position = 4, .started_ns = 1}});
  EXPECT_EQ(queue().at(0)["state"], "parked");
  EXPECT_EQ(queue().at(0)["position"], 4);
  EXPECT_EQ(contexts().at(0)["state"], "parked");
}

TEST_F(LiveServer, forgets_a_request_with_its_answer) {
  start();
  RawClient client(port());
  client.post("/api/generate", prompt_body("count 3"), "X-Request-Id: mine\r\n");
  EXPECT_EQ(client.response()->header("X-Request-Id"), "mine");
  EXPECT_EQ(queue().size(), 0U);
  EXPECT_EQ(cancel("mine").status, 404);
}

TEST_F(LiveServer, cancels_a_stream_by_its_id) {
  start();
  const auto client = hold("a/b%");
  const SequenceId id = FakeRecord::next(record_.submitted).id;
  const RawResponse cancelled = cancel("a%2Fb%25");
  EXPECT_EQ(cancelled.status, 200);
  EXPECT_EQ(cancelled.body, R"({"id":"a/b%","status":"cancelled"})");
  EXPECT_EQ(FakeRecord::next(record_.cancelled), id);
  EXPECT_TRUE(client->response()->body.ends_with(
      "\n{\"error\":\"the request was cancelled\",\"done_reason\":\"cancelled\"}\n"));
  // The connection goes on, and the id is free.
  client->post("/api/generate", prompt_body("count 1"), "X-Request-Id: a/b%\r\n");
  EXPECT_EQ(client->response()->header("X-Request-Id"), "a/b%");
}

TEST_F(LiveServer, cancels_an_answer_that_has_not_begun_with_499) {
  start();
  RawClient client(port());
  client.post("/v1/completions", prompt_body("hold"), "X-Request-Id: whole\r\n");
  (void)FakeRecord::next(record_.submitted);
  EXPECT_EQ(cancel("whole").status, 200);
  const auto response = client.response();
  EXPECT_EQ(response->status, 499);
  EXPECT_NE(response->body.find(R"("code":"cancelled")"), std::string::npos);
}

TEST_F(LiveServer, knows_no_id_of_nobody) {
  start();
  EXPECT_EQ(cancel("nobody").status, 404);
  EXPECT_EQ(cancel("nobody").body, R"({"error":"no request with the id 'nobody' is being served"})");
  EXPECT_EQ(cancel("").status, 404);
  EXPECT_EQ(get("/api/requests/x").status, 405);
  EXPECT_EQ(get("/api/requests/x").header("Allow"), "DELETE");
  EXPECT_EQ(post("/api/queue", "{}").status, 405);
}

TEST_F(LiveServer, never_gives_two_live_requests_one_id) {
  start();
  const auto first = hold("same");
  const SequenceId id = FakeRecord::next(record_.submitted).id;
  const RawResponse second = post("/api/generate", prompt_body("count 1"), "X-Request-Id: same\r\n");
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.header("X-Request-Id").size(), 24U);
  EXPECT_EQ(cancel("same").status, 200);
  EXPECT_EQ(FakeRecord::next(record_.cancelled), id);
}

TEST_F(LiveServer, keeps_an_id_that_can_be_sent_back_and_makes_another_for_one_that_cannot) {
  start();
  for (const std::string& id : {std::string("a"), std::string(128, 'x'), std::string("~!@#$%^&*()")}) {
    EXPECT_EQ(get("/health", "X-Request-Id: " + id + "\r\n").header("X-Request-Id"), id);
  }
  for (const std::string& id : {std::string(), std::string(129, 'x'), std::string("a b"), std::string("\xC3\xA4")}) {
    EXPECT_EQ(get("/health", "X-Request-Id: " + id + "\r\n").header("X-Request-Id").size(), 24U) << id;
  }
}

TEST_F(LiveServer, cancels_what_waits_for_its_model) {
  config_.settings.models_max = 1;
  record_.loads_wait = true;
  start();
  RawClient client(port());
  client.post("/api/generate", prompt_body("count 1"), "X-Request-Id: early\r\n");
  (void)FakeRecord::next(record_.loading);
  const Json waiting = queue();
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0]["state"], "waiting");
  EXPECT_EQ(waiting[0]["reason"], "model");
  EXPECT_TRUE(waiting[0]["tokens"].is_null());
  EXPECT_EQ(cancel("early").status, 200);
  EXPECT_EQ(client.response()->status, 499);  // the load has not ended yet
  record_.may_load.close();
}

TEST_F(LiveServer, lets_a_client_vanish_while_its_model_is_loaded) {
  record_.loads_wait = true;
  start();
  {
    RawClient client(port());
    client.post("/api/generate", prompt_body("hold"));
    (void)FakeRecord::next(record_.loading);
  }
  while (!queue().empty()) std::this_thread::yield();
  record_.may_load.close();
  EXPECT_EQ(post("/api/generate", prompt_body("count 1")).status, 200);
  std::vector<Request> submitted;
  record_.submitted.take_all(submitted);
  EXPECT_EQ(submitted.size(), 1U) << "nobody computes for a client that is gone";
}

}  // namespace
}  // namespace quire::server::test
