// Anthropic's messages over the wire.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "server/test_server.h"

namespace quire::server::test {
namespace {

using OrderedJson = nlohmann::ordered_json;

class MessagesServer : public ServerTest {
 protected:
  RawResponse ask(OrderedJson call, const std::string& path = "/v1/messages") {
    call["model"] = "fake";
    call["max_tokens"] = 100;
    return post(path, call.dump(), "anthropic-version: 2023-06-01\r\nx-api-key: any\r\n");
  }
  static OrderedJson said(const std::string& text) {
    return OrderedJson::array({{{"role", "user"}, {"content", text}}});
  }
};

TEST_F(MessagesServer, stream_events_and_come_in_one_piece) {
  start();
  const RawResponse streamed = ask({{"messages", said("count 2")}, {"stream", true}});
  EXPECT_EQ(streamed.status, 200);
  EXPECT_EQ(streamed.header("Content-Type"), "text/event-stream");
  size_t at = 0;
  for (const char* next : {"event: message_start\n", R"("id":"msg_)", "event: content_block_start\n", R"("text":"1 ")",
                           R"("text":"2 ")", "event: content_block_stop\n", "event: message_delta\n",
                           R"("stop_reason":"end_turn")", "event: message_stop\n"}) {
    const size_t found = streamed.body.find(next, at);
    ASSERT_NE(found, std::string::npos) << next << " after " << at << " in " << streamed.body;
    at = found;
  }
  const OrderedJson whole = OrderedJson::parse(ask({{"messages", said("count 2")}, {"system", "count 3"}}).body);
  EXPECT_EQ(whole["content"], OrderedJson::array({{{"type", "text"}, {"text", "1 2 3 "}}})) << whole;
}

TEST_F(MessagesServer, are_counted_without_an_answer) {
  start();
  const RawResponse counted =
      post("/v1/messages/count_tokens",
           OrderedJson{{"model", "fake"}, {"system", "ab"}, {"messages", said("count 2")}}.dump());
  EXPECT_EQ(counted.status, 200);
  EXPECT_EQ(counted.body, R"({"input_tokens":11})") << "begin, ab, |, count 2";
}

TEST_F(MessagesServer, refuse_in_anthropics_form_what_lies_beside_openais) {
  start();
  const auto type_of = [](const RawResponse& response) {
    return std::to_string(response.status) + " " +
           OrderedJson::parse(response.body)["error"]["type"].get<std::string>();
  };
  EXPECT_EQ(type_of(ask({{"messages", said("busy")}})), "503 overloaded_error");
  EXPECT_EQ(type_of(ask({{"messages", said("x")}, {"container", "c"}})), "400 invalid_request_error");
  EXPECT_EQ(type_of(ask({}, "/v1/messages/batches")), "404 not_found_error");
  EXPECT_EQ(type_of(get("/v1/messages")), "405 invalid_request_error");
  EXPECT_EQ(OrderedJson::parse(get("/v1/messages").body)["type"], "error");
  const RawResponse long_prompt = ask({{"messages", said(std::string(300, 'x'))}});
  EXPECT_EQ(OrderedJson::parse(long_prompt.body)["error"]["message"],
            "prompt is too long: at least 200 tokens > 200 maximum");
  EXPECT_EQ(OrderedJson::parse(get("/v1/models").body)["object"], "list") << "OpenAI's";
}

}  // namespace
}  // namespace quire::server::test
