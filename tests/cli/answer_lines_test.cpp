#include "cli/conversation/answer_lines.h"

#include <gtest/gtest.h>

namespace quire::cli {
namespace {

TEST(AnswerLine, of_generate_and_chat_carries_text_and_at_the_end_the_stats) {
  EXPECT_EQ(parse_answer_line(R"({"model":"m","response":"Hi","done":false})").text, "Hi");
  EXPECT_EQ(parse_answer_line(R"({"message":{"role":"assistant","content":"Ho"},"done":false})").text, "Ho");
  const AnswerLine last = parse_answer_line(
      R"({"response":"","done":true,"done_reason":"length","queue_duration":5,"eval_count":7,"eval_duration":9})");
  EXPECT_TRUE(last.done);
  EXPECT_EQ(last.stats.done_reason, "length");
  EXPECT_EQ(last.stats.queue_ns, 5);
  EXPECT_EQ(last.stats.generated_tokens, 7);
  EXPECT_EQ(last.stats.generate_ns, 9);
  EXPECT_EQ(last.stats.load_ns, -1);
}

TEST(AnswerLine, of_completions_is_an_event) {
  EXPECT_EQ(parse_answer_line(R"(data: {"choices":[{"text":"Once","finish_reason":null}]})").text, "Once");
  EXPECT_TRUE(parse_answer_line(R"(data: {"choices":[{"text":"","finish_reason":"stop"}]})").done);
  for (const char* line : {"", "data: [DONE]", ": comment", "\r", R"(data: {"choices":[]})"}) {
    const AnswerLine nothing = parse_answer_line(line);
    EXPECT_TRUE(nothing.text.empty() && nothing.error.empty() && !nothing.done) << line;
  }
}

TEST(AnswerLine, an_error_is_told_in_either_dialect) {
  EXPECT_EQ(parse_answer_line(R"({"error":"no room"})").error, "no room");
  EXPECT_EQ(parse_answer_line(R"(data: {"error":{"message":"no room","type":"api_error"}})").error, "no room");
  EXPECT_FALSE(parse_answer_line("{broken").error.empty());
  EXPECT_FALSE(parse_answer_line(R"({"error":7})").error.empty());
}

}  // namespace
}  // namespace quire::cli
