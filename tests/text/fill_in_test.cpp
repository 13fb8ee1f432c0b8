#include "text/fill_in.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace quire {
namespace {

gguf::Metadata vocabulary_of(std::vector<std::string> names) {
  gguf::Metadata metadata;
  metadata.set("tokenizer.ggml.tokens", std::move(names));
  return metadata;
}

TEST(FillIn, finds_its_tokens_by_the_files_keys_before_their_names) {
  gguf::Metadata metadata = vocabulary_of({"<fim_prefix>", "<fim_suffix>", "<fim_middle>", "a", "b", "c"});
  EXPECT_EQ(find_fill_in_tokens(metadata).before, 0);
  metadata.set("tokenizer.ggml.prefix_token_id", uint32_t{3});
  EXPECT_EQ(find_fill_in_tokens(metadata).before, 3) << "the older key";
  metadata.set("tokenizer.ggml.fim_pre_token_id", uint32_t{4});
  EXPECT_EQ(find_fill_in_tokens(metadata).before, 4);
  metadata.set("tokenizer.ggml.fim_pre_token_id", uint32_t{UINT32_MAX});
  EXPECT_EQ(find_fill_in_tokens(metadata).before, 3) << "no id of this vocabulary";
}

TEST(FillIn, knows_the_names_of_several_families) {
  const std::vector<std::vector<std::string>> families = {
      {"<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"},
      {"<fim-prefix>", "<fim-suffix>", "<fim-middle>"},
      {"\u2581<PRE>", "\u2581<SUF>", "\u2581<MID>"},
      {"<\uFF5Cfim\u2581begin\uFF5C>", "<\uFF5Cfim\u2581hole\uFF5C>", "<\uFF5Cfim\u2581end\uFF5C>"},
      {"<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"}};
  for (const std::vector<std::string>& names : families) {
    const FillInTokens tokens = find_fill_in_tokens(vocabulary_of(names));
    EXPECT_TRUE(tokens.usable()) << names[0];
    EXPECT_EQ(tokens.before, 0);
    EXPECT_EQ(tokens.after, 1);
    EXPECT_EQ(tokens.middle, 2);
  }
  EXPECT_FALSE(find_fill_in_tokens(vocabulary_of({"<fim_prefix>", "<fim_suffix>"})).usable());
  EXPECT_FALSE(find_fill_in_tokens(gguf::Metadata()).usable());
}

TEST(FillIn, ends_where_another_file_would_begin) {
  const FillInTokens tokens = find_fill_in_tokens(vocabulary_of({"<|file_sep|>", "<|repo_name|>", "<|fim_pad|>", "x"}));
  EXPECT_EQ(tokens.ends(), (std::vector<TokenId>{2, 1, 0}));
  EXPECT_TRUE(FillInTokens().ends().empty());
}

TEST(FillIn, writes_what_is_around_the_gap_and_keeps_what_is_nearest_to_it) {
  const FillInTokens tokens{.before = 90, .after = 91, .middle = 92};
  const FillInContext context{.other_files = {70, 71}, .before = {1, 2, 3, 4}, .after = {5, 6, 7, 8}, .bos = 80};
  const auto whole = fill_in_prompt(tokens, context, 20);
  EXPECT_EQ(whole.tokens, (std::vector<TokenId>{80, 70, 71, 90, 1, 2, 3, 4, 91, 5, 6, 7, 8, 92}));
  EXPECT_FALSE(whole.cut);
  const auto without_files = fill_in_prompt(tokens, context, 12);
  EXPECT_EQ(without_files.tokens, (std::vector<TokenId>{80, 90, 1, 2, 3, 4, 91, 5, 6, 7, 8, 92}));
  EXPECT_TRUE(without_files.cut);
  EXPECT_EQ(fill_in_prompt(tokens, context, 8).tokens, (std::vector<TokenId>{80, 90, 2, 3, 4, 91, 5, 92}));
  for (size_t most = 5; most < 20; ++most) EXPECT_LE(fill_in_prompt(tokens, context, most).tokens.size(), most);
  const auto one_sided = fill_in_prompt(tokens, {.before = {1}, .after = {5, 6, 7, 8}}, 6);
  EXPECT_EQ(one_sided.tokens, (std::vector<TokenId>{90, 1, 91, 5, 6, 92}))
      << "room that one side leaves is the other's";
}

}  // namespace
}  // namespace quire
