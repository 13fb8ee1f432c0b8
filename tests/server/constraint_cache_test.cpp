// Shapes of answers in the syntax of a model: what its constraint lets come.
#include "server/models/constraint_cache.h"

#include <gtest/gtest.h>

#include "gguf/file.h"
#include "test_data.h"

namespace quire::server {
namespace {

struct ThinkingModel {
  std::unique_ptr<const Tokenizer> tokenizer;
  std::unique_ptr<ConstraintCache> cache;
  ThinkingModel() {
    const auto file = gguf::File::open(quire::test::own_data_dir() / "models/stories260K.gguf");
    tokenizer = std::move(*Tokenizer::create(file->metadata()));
    cache =
        std::make_unique<ConstraintCache>(*tokenizer, parts::Syntax::of("<think></think>", ""), std::vector<TokenId>());
  }
  // The answer is these words, each chosen where it may come, and what they force.
  std::string say(ConstraintState& state, std::string_view words) const {
    std::string text;
    std::vector<TokenId> chosen;
    tokenizer->encode_further(words, chosen);
    for (const TokenId token : chosen) {
      const auto mask = state.allowed();
      const auto at = static_cast<size_t>(token);
      if (!mask.empty() && (mask[at / 64] >> (at % 64) & 1) == 0) return text + "|";
      text += tokenizer->bytes(token);
      state.accept(token);
      std::vector<TokenId> forced;
      state.append_forced(forced);
      for (const TokenId one : forced) {
        text += tokenizer->bytes(one);
        state.accept(one);
      }
      if (!forced.empty()) return text;
    }
    return text;
  }
};

TEST(ConstraintCache, thinking_that_the_model_begins_is_closed_by_force_after_its_budget) {
  const ThinkingModel model;
  for (const bool constrained : {false, true}) {
    AnswerShape shape{.thinks = true, .thinking_tokens_max = 3};
    if (constrained) shape.text = constraint::Spec{.kind = constraint::Kind::choice, .choices = {"yes", "no"}};
    const auto made = model.cache->find_or_compile(shape);
    ASSERT_TRUE(made) << made.error().message;
    const auto state = (*made)->begin();
    const std::string text = model.say(*state, "<think>once upon a time there was a girl and a boy");
    EXPECT_TRUE(text.starts_with("<think>once") && text.ends_with("</think>")) << text;
    EXPECT_LT(text.size(), 40U) << text;
    EXPECT_EQ(model.say(*state, "\n\nno"), "\n\nno");
    EXPECT_EQ(model.say(*state, "t"), constrained ? "|" : "t");
    const auto direct = (*made)->begin();
    EXPECT_EQ(model.say(*direct, "yes"), "yes");
    EXPECT_EQ(model.say(*direct, "<think>one two three four"), constrained ? "|" : "<think>one two three four")
        << "an answer that has begun does not begin to think";
    const auto spaced = (*made)->begin();
    EXPECT_EQ(model.say(*spaced, "\n\nyes"), constrained ? "\n\n|" : "\n\nyes") << "only thinking has a gap behind it";
  }
}

TEST(ConstraintCache, budgets_of_thinking_are_shapes_of_their_own) {
  const ThinkingModel model;
  const auto none = model.cache->find_or_compile({.thinks = true, .thinking_tokens_max = 0});
  const auto some = model.cache->find_or_compile({.thinks = true, .thinking_tokens_max = 9});
  ASSERT_TRUE(none && some);
  EXPECT_NE(*none, *some);
  EXPECT_EQ(model.say(*(*none)->begin(), "<think>once"), "<think></think>");
}

}  // namespace
}  // namespace quire::server
