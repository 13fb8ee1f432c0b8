// What shape an answer has, of what the call says and how the prompt ends.
#include "server/models/answer_shape.h"

#include <gtest/gtest.h>

namespace quire::server {
namespace {

const parts::Syntax& thinking_syntax() {
  static const parts::Syntax syntax = parts::Syntax::of("<think></think>", "");
  return syntax;
}

TEST(AnswerShape, thinking_is_bounded_where_the_prompt_has_begun_it_and_where_the_answer_may) {
  api::GenerationCall call;
  call.thinking_tokens_max = 7;
  const AnswerShape begun = answer_shape(call, {}, thinking_syntax(), "assistant:<think>\n");
  EXPECT_TRUE(begun.thinking_begun);
  EXPECT_EQ(begun.thinking_tokens_max, 7);
  const AnswerShape own = answer_shape(call, {}, thinking_syntax(), "assistant:");
  EXPECT_TRUE(own.thinks);
  EXPECT_FALSE(own.thinking_begun);
  EXPECT_EQ(own.thinking_tokens_max, 7);
  call.thinking_tokens_max = {};
  EXPECT_TRUE(answer_shape(call, {}, thinking_syntax(), "assistant:").is_free());
  EXPECT_FALSE(answer_shape({}, {}, parts::Syntax::of("", ""), "assistant:").thinking_tokens_max);
}

TEST(AnswerShape, text_that_no_template_wrote_has_no_thinking) {
  api::GenerationCall call;
  call.constraint = constraint::Spec{.kind = constraint::Kind::json_object};
  EXPECT_TRUE(answer_shape(call, {}, thinking_syntax(), "assistant:").thinks);
  EXPECT_FALSE(answer_shape(call, {}, thinking_syntax(), "").thinks);
}

}  // namespace
}  // namespace quire::server
