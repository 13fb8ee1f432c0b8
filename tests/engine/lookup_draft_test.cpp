#include "engine/lookup_draft.h"

#include <gtest/gtest.h>

namespace quire::test {
namespace {

std::vector<TokenId> draft_of(const std::vector<TokenId>& timeline, int32_t most = 4) {
  std::vector<TokenId> draft;
  lookup_draft(timeline, most, draft);
  return draft;
}

TEST(LookupDraft, is_what_followed_where_the_end_was_said_before) {
  EXPECT_EQ(draft_of({9, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3}), (std::vector<TokenId>{4, 5, 6, 7}));
  EXPECT_EQ(draft_of({9, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3}, 2), (std::vector<TokenId>{4, 5}));
}

TEST(LookupDraft, is_none_where_fewer_than_two_tokens_agree) {
  EXPECT_TRUE(draft_of({}).empty());
  EXPECT_TRUE(draft_of({1, 2, 3}).empty());
  EXPECT_TRUE(draft_of({8, 2, 3, 4, 9, 7, 3}).empty());
  EXPECT_EQ(draft_of({8, 2, 3, 4, 9, 2, 3}, 1), std::vector<TokenId>{4});
}

TEST(LookupDraft, follows_the_longest_place_and_of_equals_the_latest) {
  EXPECT_EQ(draft_of({6, 1, 2, 3, 4, 5, 1, 2, 3, 7, 6, 1, 2, 3}, 1), (std::vector<TokenId>{4}));
  EXPECT_EQ(draft_of({1, 2, 3, 4, 5, 1, 2, 3, 7, 0, 1, 2, 3}, 1), (std::vector<TokenId>{7}));
}

TEST(LookupDraft, takes_a_repetition_to_go_on) {
  EXPECT_EQ(draft_of({0, 5, 6, 5, 6, 5, 6}, 5), (std::vector<TokenId>{5, 6, 5, 6, 5}));
  EXPECT_EQ(draft_of({4, 4, 4, 4}, 3), (std::vector<TokenId>{4, 4, 4}));
}

}  // namespace
}  // namespace quire::test
