#include "engine/remembered_texts.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace quire::test {
namespace {

using Tokens = std::vector<TokenId>;

Tokens next_of(const RememberedTexts& texts, const Tokens& timeline, uint64_t salt = 0) {
  const auto next = texts.find(salt, timeline).next;
  return {next.begin(), next.end()};
}

TEST(RememberedTexts, say_what_followed_the_last_tokens) {
  RememberedTexts texts(1000);
  texts.add(0, Tokens{1, 2, 3, 4, 5, 6, 7});
  EXPECT_EQ(next_of(texts, {9, 9, 2, 3, 4, 5}), (Tokens{6, 7}));
  EXPECT_EQ(texts.find(0, Tokens{1, 2, 3, 4, 5}).agreeing, 5);
  EXPECT_EQ(texts.find(0, Tokens{9, 2, 3, 4, 5}).agreeing, 4);
  EXPECT_TRUE(next_of(texts, {9, 3, 4, 5}).empty()) << "three are too few";
  EXPECT_TRUE(next_of(texts, {4, 5, 6, 7}).empty()) << "nothing followed";
  EXPECT_TRUE(next_of(texts, {3, 4, 5}).empty());
  texts.add(0, Tokens{2, 3, 4, 5, 8});
  EXPECT_EQ(next_of(texts, {1, 2, 3, 4, 5}), Tokens{8}) << "the latest counts";
}

TEST(RememberedTexts, are_of_one_salt) {
  RememberedTexts texts(1000);
  texts.add(1, Tokens{1, 2, 3, 4, 5, 6});
  EXPECT_TRUE(next_of(texts, {1, 2, 3, 4}, 2).empty());
  EXPECT_EQ(next_of(texts, {1, 2, 3, 4}, 1), (Tokens{5, 6}));
}

// The ring comes round to the same words, and they are the last ones this time.
TEST(RememberedTexts, say_nothing_of_what_has_become_an_end) {
  RememberedTexts texts(4096);
  texts.add(0, Tokens{1, 2, 3, 4, 5, 6});
  for (const size_t size : {400, 400, 400, 400, 400, 400, 400, 400, 400, 400, 75}) texts.add(0, Tokens(size, 1000));
  texts.add(0, Tokens{1, 2, 3, 4, 5});
  EXPECT_EQ(texts.find(0, Tokens{2, 3, 4, 5}).agreeing, 0);
}

// Whatever is found was said by one of the salt, and that lately.
TEST(RememberedTexts, say_nothing_that_nobody_said) {
  std::mt19937 random(3);
  constexpr size_t tokens_max = 400;
  RememberedTexts texts(tokens_max);
  std::map<uint64_t, std::vector<Tokens>> said;
  int found = 0;
  for (int round = 0; round < 4000; ++round) {
    const uint64_t salt = random() % 3;
    Tokens text;
    for (size_t left = random() % 60; left > 0; --left) text.push_back(static_cast<TokenId>(random() % 3));
    if (random() % 2 == 0) {
      texts.add(salt, text);
      said[salt].push_back(text);
      continue;
    }
    const RememberedTexts::Place place = texts.find(salt, text);
    if (place.agreeing == 0) continue;
    ++found;
    EXPECT_FALSE(place.next.empty()) << round;
    Tokens whole(text.end() - place.agreeing, text.end());
    whole.insert(whole.end(), place.next.begin(), place.next.end());
    EXPECT_TRUE(std::ranges::any_of(said[salt], [&](const Tokens& one) {
      return !std::ranges::search(one, whole).empty() || std::ranges::equal(one, whole);
    })) << round;
  }
  EXPECT_GT(found, 100);
}

}  // namespace
}  // namespace quire::test
