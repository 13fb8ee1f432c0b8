// Requests that wait for their model: while it loads, and for a seat.
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>

#include "server/scrape.h"
#include "server/test_server.h"

namespace quire::server::test {
namespace {

using Json = nlohmann::json;

class ModelWait : public ServerTest {
 protected:
  // A request that is not answered yet.
  std::unique_ptr<RawClient> ask(const std::string& model, const std::string& prompt, const std::string& more = "",
                                 const std::string& headers = "") {
    auto client = std::make_unique<RawClient>(port());
    client->post("/api/generate",
                 R"({"model":")" + model + R"(","prompt":")" + prompt + R"(","stream":false)" + more + "}", headers);
    return client;
  }
  std::unique_ptr<RawClient> hold(const std::string& model) {
    auto client = std::make_unique<RawClient>(port());
    client->post("/api/generate", R"({"model":")" + model + R"(","prompt":"hold"})");
    EXPECT_TRUE(client->read_until("held "));
    return client;
  }
  Json queue() { return Json::parse(get("/api/queue").body)["requests"]; }
  // Until so many wait for a model.
  void until_waiting(size_t count) {
    const auto waiting = [this] {
      size_t found = 0;
      for (const Json& one : queue()) found += one["reason"] == "model" ? 1 : 0;
      return found;
    };
    while (waiting() != count) std::this_thread::yield();
  }
  int cancel(const std::string& id) {
    RawClient client(port());
    client.send("DELETE /api/requests/" + id + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return client.response()->status;
  }
  // Waits until the loader is asked for the next model, whose name this is.
  std::string next_load() { return FakeRecord::next(record_.loading); }
};

TEST_F(ModelWait, a_request_waits_until_the_only_seat_is_free) {
  config_.settings.models_max = 1;
  start();
  const auto held = hold("fake");
  const auto other = ask("other", "count 2", "", "X-Request-Id: second\r\n");
  until_waiting(1);
  const Json line = queue().front();
  EXPECT_EQ(line["id"], "second");
  EXPECT_EQ(line["model"], "other:latest");
  EXPECT_EQ(line["state"], "waiting");
  EXPECT_EQ(line["reason"], "model");
  EXPECT_EQ(line["position"], 0);
  EXPECT_EQ(line["band"], 3);
  held->close();
  const auto answer = other->response();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(Json::parse(answer->body)["response"], "1 2 ");
  EXPECT_EQ(FakeRecord::next(record_.unloaded), "fake:latest");
}

TEST_F(ModelWait, who_ends_on_the_way_to_a_model_is_among_those_that_ended) {
  config_.settings.models_max = 1;
  start();
  const auto held = hold("fake");
  const auto late = ask("other", "count 1", R"(,"deadline_ms":1)", "X-Request-Id: late\r\n");
  EXPECT_EQ(late->response()->status, 504);
  const auto cancelled = ask("other", "count 1", "", "X-Request-Id: cancelled\r\n");
  until_waiting(1);
  EXPECT_EQ(cancel("cancelled"), 200);
  EXPECT_EQ(cancelled->response()->status, 499);
  held->close();
  EXPECT_EQ(ask("damaged", "count 1", "", "X-Request-Id: failed\r\n")->response()->status, 500);
  std::map<std::string, Json> ended;
  const Json live = Json::parse(get("/api/live").body);
  for (const Json& one : live["ended"]) ended[one["id"]] = one;
  EXPECT_EQ(ended["late"]["reason"], "deadline");
  EXPECT_EQ(ended["late"]["model"], "other:latest");
  EXPECT_EQ(ended["late"]["generated_tokens"], 0);
  EXPECT_EQ(ended["cancelled"]["reason"], "cancelled");
  EXPECT_EQ(ended["failed"]["reason"], "error");
}

TEST_F(ModelWait, the_queue_for_models_is_bounded) {
  config_.settings.models_max = 1;
  config_.settings.queue_max = 2;
  start();
  const auto held = hold("fake");
  const auto first = ask("other", "count 1");
  const auto second = ask("other", "count 1");
  until_waiting(2);
  const auto refused = ask("other", "count 1")->response();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->header("Retry-After"), "1");
  EXPECT_EQ(refused->body, R"({"error":"server busy, please try again.  maximum pending requests exceeded"})");
  EXPECT_EQ(ask("fake", "count 1")->response()->status, 200) << "what needs no seat waits for none";
  held->close();
  EXPECT_EQ(first->response()->status, 200);
  EXPECT_EQ(second->response()->status, 200);
}

TEST_F(ModelWait, a_deadline_ends_it_on_time_while_its_model_loads) {
  record_.loads_wait = true;
  start();
  for (const char* route : {"/api/generate", "/v1/completions"}) {
    const RawResponse late = post(route, prompt_body("count 1", R"("deadline_ms":100)"));
    EXPECT_EQ(late.status, 504);
    EXPECT_NE(late.body.find("the deadline passed before the answer was complete"), std::string::npos) << late.body;
  }
  const RawResponse queued = post("/api/generate", prompt_body("count 1", R"("queue_timeout_ms":20)"));
  EXPECT_EQ(queued.status, 504);
  EXPECT_EQ(queued.body, R"({"error":"the request waited in the queue for longer than its queue_timeout_ms",)"
                         R"("done_reason":"deadline"})");
  // The load goes on for others, and is the only one.
  const auto patient = ask("fake", "count 1");
  until_waiting(1);
  record_.may_load.close();
  EXPECT_EQ(patient->response()->status, 200);
  std::vector<std::string> loads;
  record_.loading.take_all(loads);
  EXPECT_EQ(loads, std::vector<std::string>{"fake:latest"});
}

TEST_F(ModelWait, a_deadline_ends_it_on_time_while_it_waits_for_a_seat) {
  config_.settings.models_max = 1;
  start();
  const auto held = hold("fake");
  EXPECT_EQ(ask("other", "count 1", R"(,"deadline_ms":50)")->response()->status, 504);
  EXPECT_EQ(ask("other", "count 1", R"(,"queue_timeout_ms":50)")->response()->status, 504);
}

TEST_F(ModelWait, a_cancel_ends_it_while_its_model_loads) {
  record_.loads_wait = true;
  start();
  const auto one = ask("fake", "count 1", "", "X-Request-Id: one\r\n");
  const auto two = ask("fake", "count 1", "", "X-Request-Id: two\r\n");
  until_waiting(2);
  EXPECT_EQ(cancel("one"), 200);
  const auto cancelled = one->response();
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->status, 499);
  EXPECT_EQ(cancelled->body, R"({"error":"the request was cancelled","done_reason":"cancelled"})");
  until_waiting(1);
  record_.may_load.close();
  EXPECT_EQ(two->response()->status, 200);
}

TEST_F(ModelWait, a_client_that_leaves_waits_no_longer) {
  config_.settings.models_max = 1;
  start();
  const auto held = hold("fake");
  const auto other = ask("other", "count 1");
  until_waiting(1);
  other->close();
  until_waiting(0);
  while (!queue().empty() && queue()[0]["model"] == "other:latest") std::this_thread::yield();
  std::vector<std::string> loads;
  record_.loading.take_all(loads);
  EXPECT_EQ(loads, std::vector<std::string>{"fake:latest"}) << "nobody needs the other one";
}

TEST_F(ModelWait, what_a_client_sends_while_it_waits_is_its_next_request) {
  record_.loads_wait = true;
  start();
  const auto client = ask("fake", "count 1");
  until_waiting(1);
  client->get("/api/version");
  client->get("/api/ps");
  record_.may_load.close();
  EXPECT_EQ(client->response()->status, 200);
  EXPECT_NE(client->response()->body.find("version"), std::string::npos);
  EXPECT_NE(client->response()->body.find("fake:latest"), std::string::npos);
}

TEST_F(ModelWait, to_unload_a_model_that_is_not_there_loads_none_and_throws_none_out) {
  config_.settings.models_max = 1;
  start();
  const auto held = hold("fake");
  const RawResponse answer = post("/api/generate", R"({"model":"other","keep_alive":0})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find(R"("done":true,"done_reason":"unload")"), std::string::npos) << answer.body;
  EXPECT_EQ(post("/api/chat", R"({"model":"other","messages":[],"keep_alive":"0s"})").status, 200);
  EXPECT_EQ(post("/api/generate", R"({"model":"nobody","keep_alive":0})").status, 404);
  std::vector<std::string> loads;
  record_.loading.take_all(loads);
  EXPECT_EQ(loads, std::vector<std::string>{"fake:latest"});
  EXPECT_NE(get("/api/ps").body.find("fake:latest"), std::string::npos);
}

TEST_F(ModelWait, a_model_that_loads_goes_at_once_when_it_was_told_to) {
  record_.loads_wait = true;
  start();
  const auto client = ask("fake", "count 1");
  EXPECT_EQ(next_load(), "fake:latest");
  EXPECT_EQ(post("/api/generate", R"({"model":"fake","keep_alive":0})").status, 200);
  record_.may_load.close();
  EXPECT_EQ(client->response()->status, 200) << "who waits is served first";
  EXPECT_EQ(FakeRecord::next(record_.unloaded), "fake:latest");
}

TEST_F(ModelWait, a_load_that_fails_ends_all_who_wait_for_it_and_the_next_tries_anew) {
  record_.loads_wait = true;
  start();
  const auto first = ask("damaged", "count 1");
  const auto second = ask("damaged", "count 1");
  until_waiting(2);
  record_.may_load.close();
  for (const auto& client : {first.get(), second.get()}) {
    const auto answer = client->response();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 500);
    EXPECT_EQ(answer->body, R"({"error":"its header is damaged"})");
  }
  EXPECT_EQ(next_load(), "damaged:latest");
  EXPECT_EQ(ask("damaged", "count 1")->response()->status, 500);
  EXPECT_EQ(next_load(), "damaged:latest");
}

TEST_F(ModelWait, what_a_load_throws_is_an_answer_and_the_next_request_tries_anew) {
  int load = 0;
  record_.before_load = [&load] {
    switch (load++) {
      case 0:
        throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
      case 1:
        throw std::bad_alloc();
      case 2:
        throw std::runtime_error("a library gave up");
      default:
        break;
    }
  };
  start();
  for (const char* why : {"Resource temporarily unavailable", "not enough memory", "a library gave up"}) {
    const auto answer = ask("fake", "count 1")->response();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 500);
    EXPECT_EQ(answer->body, std::string(R"({"error":"cannot load fake:latest: )") + why + "\"}");
  }
  EXPECT_EQ(ask("fake", "count 1")->response()->status, 200);
  stop();
}

TEST_F(ModelWait, who_waits_for_a_model_hears_of_the_stop) {
  config_.settings.models_max = 1;
  config_.settings.drain_timeout_ns = 50'000'000;
  start();
  const auto held = hold("fake");
  const auto other = ask("other", "count 1");
  until_waiting(1);
  stop();
  const auto answer = other->response();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body, R"({"error":"the server is stopping"})");
}

TEST_F(ModelWait, a_model_whose_engine_broke_is_loaded_anew) {
  start();
  EXPECT_EQ(ask("fake", "count 1")->response()->status, 200);
  EXPECT_EQ(next_load(), "fake:latest");
  EngineSnapshot broken;
  broken.broken = true;
  record_.snapshot.set(broken);
  record_.before_load = [this] { record_.snapshot.set(EngineSnapshot{}); };  // the new one works
  EXPECT_EQ(ask("fake", "count 1")->response()->status, 200);
  EXPECT_EQ(next_load(), "fake:latest");
  EXPECT_EQ(FakeRecord::next(record_.unloaded), "fake:latest");
}

TEST_F(ModelWait, waiting_for_a_model_is_counted_as_waiting) {
  config_.settings.models_max = 1;
  start();
  const auto held = hold("fake");
  const auto other = ask("other", "count 1", R"(,"deadline_ms":300)");
  until_waiting(1);
  const std::string labels = R"({model_name="other:latest"})";
  const std::string now = get("/metrics").body;
  EXPECT_NE(now.find("quire_requests_waiting_for_model" + labels + " 1\n"), std::string::npos) << now;
  EXPECT_NE(now.find(R"(vllm:num_requests_waiting_by_reason{model_name="other:latest",engine="0",reason="model"} 1)"),
            std::string::npos);
  EXPECT_EQ(other->response()->status, 504);
  const std::string after = get("/metrics").body;
  EXPECT_NE(after.find("quire_requests_waiting_for_model" + labels + " 0\n"), std::string::npos);
  EXPECT_NE(after.find(R"(quire_requests_finished_total{model_name="other:latest",reason="deadline"} 1)"),
            std::string::npos);
  EXPECT_NE(after.find(R"(quire_request_queue_seconds_count{model_name="other:latest",band="3"} 1)"),
            std::string::npos);
}

}  // namespace
}  // namespace quire::server::test
