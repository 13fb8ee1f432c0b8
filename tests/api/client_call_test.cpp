#include "api/client_call.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace quire::api {
namespace {

using nlohmann::json;

ClientCall call_of(Endpoint endpoint) {
  ClientCall call{
      .endpoint = endpoint, .model = "m", .answer_tokens = 7, .temperature = 0.5, .seed = 42, .user = "ann"};
  call.messages = {
      {.role = "user", .content = "Hi"}, {.role = "assistant", .content = "Yes"}, {.role = "user", .content = "So?"}};
  call.prompt = "Once";
  return call;
}

TEST(ClientCall, says_in_each_dialect_what_the_dialect_has_for_it) {
  const json chat = json::parse(body_of(call_of(Endpoint::chat)));
  EXPECT_EQ(chat["messages"].size(), 3U);
  EXPECT_EQ(chat["options"]["num_predict"], 7);
  EXPECT_EQ(chat["options"]["seed"], 42);
  EXPECT_EQ(chat["options"]["ignore_eos"], true);
  EXPECT_EQ(chat["user"], "ann");
  const json generate = json::parse(body_of(call_of(Endpoint::generate)));
  EXPECT_EQ(generate["prompt"], "Once");
  EXPECT_EQ(generate["raw"], true);
  const json completion = json::parse(body_of(call_of(Endpoint::completions)));
  EXPECT_EQ(completion["max_tokens"], 7);
  EXPECT_EQ(completion["stream_options"]["include_usage"], true);
  EXPECT_EQ(json::parse(body_of(call_of(Endpoint::chat_completions)))["messages"][2]["content"], "So?");
  EXPECT_EQ(path_of(Endpoint::chat_completions), "/v1/chat/completions");
}

TEST(ClientLine, is_read_in_each_form_that_answers_have) {
  EXPECT_EQ(read_line(Dialect::ollama, R"({"response":"a","done":false})")->text, "a");
  EXPECT_EQ(read_line(Dialect::ollama, R"({"message":{"role":"assistant","content":"b"},"done":false})")->text, "b");
  const auto last =
      read_line(Dialect::ollama,
                R"({"done":true,"done_reason":"length","prompt_eval_count":5,"eval_count":7,"queue_duration":9})");
  EXPECT_EQ(last->reason, "length");
  EXPECT_EQ(last->counts.prompt_tokens, 5);
  EXPECT_EQ(last->counts.answer_tokens, 7);
  EXPECT_EQ(last->counts.queue_ns, 9);
  EXPECT_EQ(last->counts.cached_tokens, -1);
  EXPECT_EQ(read_line(Dialect::openai, R"(data: {"choices":[{"delta":{"content":"c"}}]})")->text, "c");
  EXPECT_EQ(read_line(Dialect::openai, "data:{\"choices\":[{\"text\":\"d\",\"finish_reason\":\"stop\"}]}\r")->reason,
            "stop");
  const auto usage = read_line(
      Dialect::openai,
      R"(data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":2}}})");
  EXPECT_EQ(usage->counts.cached_tokens, 2);
  EXPECT_EQ(usage->counts.answer_tokens, 4);
}

TEST(ClientLine, what_says_nothing_of_the_answer_is_none_and_what_is_wrong_is_an_error) {
  EXPECT_FALSE(read_line(Dialect::openai, "data: [DONE]"));
  EXPECT_FALSE(read_line(Dialect::openai, ": ping"));
  EXPECT_FALSE(read_line(Dialect::openai, ""));
  EXPECT_FALSE(read_line(Dialect::ollama, ""));
  EXPECT_EQ(read_line(Dialect::ollama, R"({"error":"it broke"})")->error, "it broke");
  EXPECT_EQ(read_line(Dialect::openai, R"(data: {"error":{"message":"late","type":"x"}})")->error, "late");
  EXPECT_FALSE(read_line(Dialect::ollama, "[1]")->error.empty());
  EXPECT_FALSE(read_line(Dialect::ollama, "{").value().error.empty());
  for (const char* odd :
       {R"({"message":7})", R"({"message":{"content":[]}})", R"({"done":"yes"})", R"({"response":null})"}) {
    const auto line = read_line(Dialect::ollama, odd);
    ASSERT_TRUE(line) << odd;
    EXPECT_TRUE(line->text.empty() && line->reason.empty()) << odd;
  }
  for (const char* odd : {R"(data: {"choices":{}})", R"(data: {"choices":[1]})", R"(data: {"usage":[]})"}) {
    EXPECT_TRUE(read_line(Dialect::openai, odd)->text.empty()) << odd;
  }
}

TEST(ErrorText, is_the_servers_own) {
  EXPECT_EQ(error_text(R"({"error":"no"})"), "no");
  EXPECT_EQ(error_text(R"({"error":{"message":"no","code":1}})"), "no");
  EXPECT_EQ(error_text("<html>"), "<html>");
}

}  // namespace
}  // namespace quire::api
