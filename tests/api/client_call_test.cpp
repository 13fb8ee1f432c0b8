#include "api/client_call.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/ollama/dialect.h"
#include "api/openai/dialect.h"

namespace quire::api {
namespace {

using nlohmann::json;

ClientCall call() {
  ClientCall call{.model = "m", .answer_tokens = 7, .temperature = 0.5, .seed = 42, .user = "ann"};
  call.messages = {
      {.role = "user", .content = "Hi"}, {.role = "assistant", .content = "Yes"}, {.role = "user", .content = "So?"}};
  call.prompt = "Once";
  return call;
}

TEST(ClientCall, says_in_each_dialect_what_the_dialect_has_for_it) {
  const json chat = json::parse(ollama::chat.client_body(call()));
  EXPECT_EQ(chat["messages"].size(), 3U);
  EXPECT_EQ(chat["options"]["num_predict"], 7);
  EXPECT_EQ(chat["options"]["seed"], 42);
  EXPECT_EQ(chat["options"]["ignore_eos"], true);
  EXPECT_EQ(chat["user"], "ann");
  const json generate = json::parse(ollama::generate.client_body(call()));
  EXPECT_EQ(generate["prompt"], "Once");
  EXPECT_EQ(generate["raw"], true);
  const json completion = json::parse(openai::completions.client_body(call()));
  EXPECT_EQ(completion["max_tokens"], 7);
  EXPECT_EQ(completion["stream_options"]["include_usage"], true);
  EXPECT_EQ(json::parse(openai::chat_completions.client_body(call()))["messages"][2]["content"], "So?");
  EXPECT_EQ(openai::chat_completions.path, "/v1/chat/completions");
}

TEST(ClientLine, is_read_in_each_form_that_answers_have) {
  EXPECT_EQ(ollama::dialect.read_line(R"({"response":"a","done":false})")->text, "a");
  EXPECT_EQ(ollama::dialect.read_line(R"({"message":{"role":"assistant","content":"b"},"done":false})")->text, "b");
  const auto last = ollama::dialect.read_line(
      R"({"done":true,"done_reason":"length","prompt_eval_count":5,"eval_count":7,"queue_duration":9})");
  EXPECT_EQ(last->reason, "length");
  EXPECT_EQ(last->counts.prompt_tokens, 5);
  EXPECT_EQ(last->counts.answer_tokens, 7);
  EXPECT_EQ(last->counts.queue_ns, 9);
  EXPECT_EQ(last->counts.cached_tokens, -1);
  EXPECT_EQ(openai::dialect.read_line(R"(data: {"choices":[{"delta":{"content":"c"}}]})")->text, "c");
  EXPECT_EQ(openai::dialect.read_line("data:{\"choices\":[{\"text\":\"d\",\"finish_reason\":\"stop\"}]}\r")->reason,
            "stop");
  const auto usage = openai::dialect.read_line(
      R"(data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":2}}})");
  EXPECT_EQ(usage->counts.cached_tokens, 2);
  EXPECT_EQ(usage->counts.answer_tokens, 4);
  EXPECT_FALSE(last->prompt_truncated);
  EXPECT_TRUE(ollama::dialect.read_line(R"({"done":true,"prompt_truncated":true})")->prompt_truncated);
  EXPECT_TRUE(
      openai::dialect.read_line(R"(data: {"choices":[{"delta":{},"finish_reason":"stop"}],"prompt_truncated":true})")
          ->prompt_truncated);
}

TEST(ClientLine, what_says_nothing_of_the_answer_is_none_and_what_is_wrong_is_an_error) {
  EXPECT_FALSE(openai::dialect.read_line("data: [DONE]"));
  EXPECT_FALSE(openai::dialect.read_line(": ping"));
  EXPECT_FALSE(openai::dialect.read_line(""));
  EXPECT_FALSE(ollama::dialect.read_line(""));
  EXPECT_EQ(ollama::dialect.read_line(R"({"error":"it broke"})")->error, "it broke");
  EXPECT_EQ(openai::dialect.read_line(R"(data: {"error":{"message":"late","type":"x"}})")->error, "late");
  EXPECT_FALSE(ollama::dialect.read_line("[1]")->error.empty());
  EXPECT_FALSE(ollama::dialect.read_line("{").value().error.empty());
  for (const char* odd :
       {R"({"message":7})", R"({"message":{"content":[]}})", R"({"done":"yes"})", R"({"response":null})"}) {
    const auto line = ollama::dialect.read_line(odd);
    ASSERT_TRUE(line) << odd;
    EXPECT_TRUE(line->text.empty() && line->reason.empty()) << odd;
  }
  for (const char* odd : {R"(data: {"choices":{}})", R"(data: {"choices":[1]})", R"(data: {"usage":[]})"}) {
    EXPECT_TRUE(openai::dialect.read_line(odd)->text.empty()) << odd;
  }
}

TEST(ErrorText, is_the_servers_own) {
  EXPECT_EQ(error_text(R"({"error":"no"})"), "no");
  EXPECT_EQ(error_text(R"({"error":{"message":"no","code":1}})"), "no");
  EXPECT_EQ(error_text("<html>"), "<html>");
}

}  // namespace
}  // namespace quire::api
