// Several answers in one response.
#include <nlohmann/json.hpp>

#include "server/test_server.h"

namespace quire::server::test {
namespace {

using Json = nlohmann::json;

class ChoicesServer : public ServerTest {
 protected:
  std::vector<SequenceId> cancelled(size_t count) {
    std::vector<SequenceId> ids;
    while (ids.size() < count) record_.cancelled.wait_and_take_all(ids);
    return ids;
  }
};

TEST_F(ChoicesServer, asks_the_engine_for_each_choice_of_each_prompt) {
  start();
  const Json answer = Json::parse(
      post("/v1/completions", R"({"model":"fake","prompt":["count 1",[99,111,117,110,116,32,50]],"n":2,"seed":5})")
          .body);
  const std::vector<Request> requests = submitted(4);
  for (size_t index = 0; index < 4; ++index) {
    EXPECT_EQ(requests[index].sampling.choice, index % 2);
    EXPECT_EQ(requests[index].sampling.seed, 5U);
    EXPECT_EQ(requests[index].id.value, requests[0].id.value + index);
    EXPECT_EQ(requests[index].prompt, requests[index / 2 * 2].prompt);
    EXPECT_EQ(answer["choices"][index]["index"], index);
    EXPECT_EQ(answer["choices"][index]["text"], index < 2 ? "1 " : "1 2 ");
    EXPECT_EQ(answer["choices"][index]["finish_reason"], "stop");
  }
  EXPECT_EQ(answer["usage"]["prompt_tokens"], 8 + 7);  // the fake's BOS is not put before ids
  EXPECT_EQ(answer["usage"]["completion_tokens"], 1 + 1 + 2 + 2);
}

TEST_F(ChoicesServer, streams_all_choices_in_one_response) {
  start();
  const RawResponse response = post("/v1/chat/completions", chat_body("count 2", R"("stream":true,"n":3)"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(count_of(response.body, R"("role":"assistant")"), 3U);
  EXPECT_EQ(count_of(response.body, R"("finish_reason":"stop")"), 3U);
  EXPECT_EQ(count_of(response.body, "[DONE]"), 1U);
  for (const char* index : {"0", "1", "2"}) {
    EXPECT_EQ(count_of(response.body, std::string(R"([{"index":)") + index + ","), 3U);
  }
}

TEST_F(ChoicesServer, cancels_every_choice_of_a_client_that_left) {
  start();
  RawClient client(port());
  client.post("/v1/completions", prompt_body("hold", R"("n":3,"stream":true)"));
  ASSERT_TRUE(client.read_until("held "));
  const std::vector<Request> requests = submitted(3);
  client.close();
  const std::vector<SequenceId> ids = cancelled(3);
  for (size_t index = 0; index < 3; ++index) EXPECT_EQ(ids[index], requests[index].id);
}

TEST_F(ChoicesServer, shows_each_choice_and_cancels_them_by_the_requests_id) {
  start();
  RawClient client(port());
  client.post("/v1/completions", prompt_body("hold", R"("n":2,"stream":true)"), "X-Request-Id: pair\r\n");
  (void)submitted(2);
  ASSERT_TRUE(client.read_until("held "));
  const Json queue = Json::parse(get("/api/queue").body)["requests"];
  ASSERT_EQ(queue.size(), 2U);
  EXPECT_EQ(queue[1]["id"], "pair");
  EXPECT_EQ(queue[1]["choice"], 1);
  RawClient other(port());
  other.send("DELETE /api/requests/pair HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(other.response()->status, 200);
  EXPECT_EQ(cancelled(2).size(), 2U);
  const std::string events = client.response()->body;
  EXPECT_EQ(count_of(events, R"("code":"cancelled")"), 1U);
  EXPECT_TRUE(events.ends_with("data: [DONE]\n\n"));
}

TEST_F(ChoicesServer, ends_with_the_first_choice_that_fails) {
  start();
  // The first prompt goes on for ever; the second breaks.
  const std::string prompts = R"({"model":"fake","prompt":["hold","break"])";
  const RawResponse whole = post("/v1/completions", prompts + "}");
  EXPECT_EQ(whole.status, 500);
  EXPECT_EQ(cancelled(1).front(), submitted(2).front().id);
  const RawResponse stream = post("/v1/completions", prompts + R"(,"stream":true})");
  EXPECT_EQ(stream.status, 200);
  EXPECT_EQ(count_of(stream.body, "it broke"), 1U);
  EXPECT_TRUE(stream.body.ends_with("data: [DONE]\n\n"));
  EXPECT_EQ(cancelled(1).front(), submitted(2).front().id);
}

TEST_F(ChoicesServer, leaves_nothing_behind_when_there_is_no_room_for_one) {
  start();
  const RawResponse refused = post("/v1/completions", R"({"model":"fake","prompt":["hold","busy","hold"]})");
  EXPECT_EQ(refused.status, 503);
  const std::vector<Request> requests = submitted(1);
  EXPECT_EQ(cancelled(1).front(), requests.front().id);
  EXPECT_EQ(get("/api/queue").body, R"({"requests":[]})");
}

}  // namespace
}  // namespace quire::server::test
