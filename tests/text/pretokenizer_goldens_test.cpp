// Pre-tokenizers against words that Hugging Face's tokenizers cut by the models' own expressions
// (tools/goldens/pretokenizer_goldens.py).
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "test_data.h"
#include "text/pretokenizer.h"
#include "text/tokenizer_goldens.h"
#include "text/unicode.h"

namespace quire {
namespace {

std::vector<nlohmann::json> read_lines(const char* name) {
  return test::read_json_lines(test::own_data_dir() / "pretokenizers" / name);
}

// As the goldens write them: a character for each word's length in code points.
std::string lengths_of(const std::vector<std::string_view>& words) {
  constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string lengths;
  for (const std::string_view word : words) {
    const size_t length = count_code_points(word);
    lengths += length < digits.size() ? std::string(1, digits[length]) : "(" + std::to_string(length) + ")";
  }
  return lengths;
}

TEST(PreTokenizerGoldens, every_known_name_cuts_as_another_implementation_does) {
  const std::vector<nlohmann::json> texts = read_lines("texts.jsonl");
  ASSERT_GE(texts.size(), 300u);
  std::set<std::string> checked;
  for (const nlohmann::json& golden : read_lines("words.jsonl")) {
    ASSERT_EQ(golden["words"].size(), texts.size());
    for (const nlohmann::json& name : golden["names"]) {
      const auto pre_tokenizer = PreTokenizer::create(name.get<std::string>());
      ASSERT_TRUE(pre_tokenizer) << name;
      checked.insert(name);
      // Aliases cut by the same expressions: a few texts show that they are the right ones.
      const size_t step = name == golden["names"][0] ? 1 : 20;
      size_t compared = 0;
      for (size_t i = 0; i < texts.size(); i += step) {
        if (golden["words"][i].is_null()) continue;
        ++compared;
        const auto text = texts[i].get<std::string>();
        std::vector<std::string_view> words;
        pre_tokenizer->split(text, words);
        EXPECT_EQ(lengths_of(words), golden["words"][i].get<std::string>())
            << name << " text " << i + 1 << ' ' << texts[i];
      }
      EXPECT_GE(compared * step, 300u) << name;
    }
  }
  EXPECT_EQ(checked.size(), known_pre_tokenizers().size());
  for (const KnownPreTokenizer& known : known_pre_tokenizers()) EXPECT_TRUE(checked.contains(std::string(known.name)));
}

// One name for each set of expressions.
std::vector<std::string_view> different_names() {
  std::vector<std::string_view> names;
  std::set<const void*> seen;
  for (const KnownPreTokenizer& known : known_pre_tokenizers()) {
    if (seen.insert(known.expressions.data()).second) names.push_back(known.name);
  }
  return names;
}

using Words = std::vector<std::string_view>;

// The words of `all` that end at `size` or before; empty where a word reaches across.
Words words_until(const Words& all, size_t size) {
  Words words;
  size_t end = 0;
  for (const std::string_view word : all) {
    if (end >= size) break;
    words.push_back(word);
    end += word.size();
  }
  return end == size ? words : Words{};
}

TEST(PreTokenizerGoldens, what_is_settled_is_cut_the_same_whatever_comes) {
  const std::vector<nlohmann::json> texts = read_lines("texts.jsonl");
  size_t settled_bytes = 0;
  for (const std::string_view name : different_names()) {
    const auto pre_tokenizer = PreTokenizer::create(name);
    ASSERT_TRUE(pre_tokenizer) << name;
    for (size_t i = 0; i < texts.size(); i += 12) {
      const auto text = texts[i].get<std::string>();
      for (size_t size = 1; size < std::min<size_t>(text.size(), 80); size += 3) {
        const std::string_view known = std::string_view(text).substr(0, size);
        const size_t settled = pre_tokenizer->settled(known);
        if (settled == 0) continue;
        settled_bytes += settled;
        Words all;
        pre_tokenizer->split(text, all);
        const Words before = words_until(all, settled);
        ASSERT_FALSE(before.empty()) << name << " text " << i + 1 << " at " << size << ' ' << texts[i];
        Words after;
        pre_tokenizer->split(std::string_view(text).substr(settled), after);
        ASSERT_EQ(after, Words(all.begin() + static_cast<ptrdiff_t>(before.size()), all.end()))
            << name << ' ' << texts[i];
        for (const std::string_view other : {"x", " ", "\n", "1", "'s", "\u0301", "\u4e2d", "!"}) {
          const std::string changed = std::string(known).append(other);
          Words words;
          pre_tokenizer->split(changed, words);
          ASSERT_EQ(words_until(words, settled), before)
              << name << " text " << i + 1 << " at " << size << " + " << other;
        }
      }
    }
  }
  EXPECT_GT(settled_bytes, 100'000u);
}

// Each would take minutes were anything quadratic in it.
TEST(PreTokenizerGoldens, long_runs_are_cut_in_linear_time) {
  constexpr size_t size = 1 << 18;
  for (const std::string_view name : different_names()) {
    const auto pre_tokenizer = PreTokenizer::create(name);
    ASSERT_TRUE(pre_tokenizer) << name;
    for (const std::string_view unit : {"a", "A", "7", " ", "\n", "!", "\u0301", "\u4e2d", "a ", "\u00bd"}) {
      std::string text;
      while (text.size() < size) text += unit;
      text += "xY";
      std::vector<std::string_view> words;
      pre_tokenizer->split(text, words);
      size_t joined = 0;
      for (const std::string_view word : words) joined += word.size();
      EXPECT_EQ(joined, text.size()) << name << ' ' << unit;
    }
  }
}

}  // namespace
}  // namespace quire
