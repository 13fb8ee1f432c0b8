#include "kv/prefix_tree.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <tuple>
#include <vector>

namespace quire {
namespace {

using Tokens = std::vector<TokenId>;

BlockKey key(BlockId parent, const Tokens& tokens, int32_t prompt_rows = 2, uint64_t salt = 0) {
  return {.parent = parent, .salt = salt, .tokens = tokens, .prompt_rows = prompt_rows};
}

TEST(PrefixTree, a_block_is_found_by_exactly_its_key) {
  PrefixTree tree(4, 2);
  const Tokens tokens = {7, 8}, others = {7, 9}, swapped = {8, 7};
  tree.insert(BlockId{0}, key({}, tokens));
  EXPECT_EQ(tree.find(key({}, tokens)), BlockId{0});
  EXPECT_FALSE(tree.find(key({}, others)).valid());
  EXPECT_FALSE(tree.find(key({}, swapped)).valid());
  EXPECT_FALSE(tree.find(key(BlockId{0}, tokens)).valid()) << "another place in the sequence";
  EXPECT_FALSE(tree.find(key({}, tokens, 1)).valid()) << "made by another recipe";
  EXPECT_FALSE(tree.find(key({}, tokens, 2, 1)).valid()) << "another tenant";
}

TEST(PrefixTree, only_leaves_are_removed) {
  PrefixTree tree(3, 2);
  const Tokens tokens = {1, 2};
  tree.insert(BlockId{0}, key({}, tokens));
  tree.insert(BlockId{1}, key(BlockId{0}, tokens));
  EXPECT_FALSE(tree.is_leaf(BlockId{0}));
  EXPECT_DEATH(tree.remove(BlockId{0}), "only a leaf");
  tree.remove(BlockId{1});
  EXPECT_TRUE(tree.is_leaf(BlockId{0}));
  tree.remove(BlockId{0});
  EXPECT_EQ(tree.size(), 0);
  EXPECT_FALSE(tree.find(key({}, tokens)).valid());
  tree.check();
}

TEST(PrefixTree, a_key_has_one_block_and_a_block_one_key) {
  PrefixTree tree(3, 2);
  const Tokens tokens = {1, 2}, others = {3, 4};
  tree.insert(BlockId{0}, key({}, tokens));
  EXPECT_DEATH(tree.insert(BlockId{1}, key({}, tokens)), "a key has one block");
  EXPECT_DEATH(tree.insert(BlockId{0}, key({}, others)), "a block is published once");
  EXPECT_DEATH(tree.insert(BlockId{1}, key(BlockId{2}, others)), "the block before it is published");
}

// Property: the tree is a map from keys to blocks. Few tokens and few blocks, so that buckets are shared.
TEST(PrefixTree, it_agrees_with_an_ordered_map) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    constexpr int32_t count = 12;
    const int32_t width = static_cast<int32_t>(1 + random() % 3);
    PrefixTree tree(count, width);
    std::map<std::tuple<int32_t, uint64_t, Tokens, int32_t>, BlockId> model;
    for (int step = 0; step < 300; ++step) {
      const BlockId block{static_cast<int32_t>(random() % count)};
      if (tree.contains(block) && random() % 2 == 0) {
        if (!tree.is_leaf(block)) continue;
        std::erase_if(model, [&](const auto& one) { return one.second == block; });
        tree.remove(block);
        continue;
      }
      const BlockId parent{static_cast<int32_t>(random() % (count + 1)) - 1};
      Tokens tokens(static_cast<size_t>(width));
      for (TokenId& token : tokens) token = static_cast<TokenId>(random() % 2);
      const int32_t prompt_rows = static_cast<int32_t>(random() % static_cast<uint64_t>(width + 1));
      const uint64_t salt = random() % 2;
      const auto known = model.find({parent.value, salt, tokens, prompt_rows});
      const BlockKey asked = key(parent, tokens, prompt_rows, salt);
      ASSERT_EQ(tree.find(asked), known == model.end() ? BlockId{} : known->second);
      if (known != model.end() || tree.contains(block)) continue;
      if (parent == block || (parent.valid() && !tree.contains(parent))) continue;
      tree.insert(block, asked);
      model[{parent.value, salt, tokens, prompt_rows}] = block;
      tree.check();
    }
    ASSERT_EQ(tree.size(), static_cast<int32_t>(model.size()));
  }
}

}  // namespace
}  // namespace quire
