#include "synth/vocabulary.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quire::synth {
namespace {

constexpr std::string_view space = "\xE2\x96\x81";  // as SentencePiece spells it

// llama.cpp's numbers of token types.
enum class Kind : int32_t { normal = 1, unknown = 2, control = 3, byte = 6 };

class Tokens {
 public:
  explicit Tokens(int64_t count) : count_(static_cast<size_t>(count)) {}

  void add(std::string text, Kind kind = Kind::normal) {
    if (full()) return;
    // Pieces of two join where theirs is the best score: a shorter word's.
    scores_.push_back(kind == Kind::normal ? -static_cast<float>(texts_.size()) : 0.0F);
    kinds_.push_back(static_cast<int32_t>(kind));
    texts_.push_back(std::move(text));
  }
  bool full() const { return texts_.size() == count_; }

  gguf::Metadata take() {
    gguf::Metadata metadata;
    metadata.set("tokenizer.ggml.model", std::string("llama"));
    metadata.set("tokenizer.ggml.tokens", std::move(texts_));
    metadata.set("tokenizer.ggml.scores", std::move(scores_));
    metadata.set("tokenizer.ggml.token_type", std::move(kinds_));
    metadata.set("tokenizer.ggml.unknown_token_id", uint32_t{0});
    metadata.set("tokenizer.ggml.bos_token_id", uint32_t{1});
    metadata.set("tokenizer.ggml.eos_token_id", uint32_t{2});
    return metadata;
  }

 private:
  size_t count_;
  std::vector<std::string> texts_;
  std::vector<float> scores_;
  std::vector<int32_t> kinds_;
};

void add_bytes_and_characters(Tokens& tokens) {
  tokens.add("<unk>", Kind::unknown);
  tokens.add("<s>", Kind::control);
  tokens.add("</s>", Kind::control);
  for (int byte = 0; byte < 256; ++byte) tokens.add(fmt::format("<0x{:02X}>", byte), Kind::byte);
  tokens.add(std::string(space));
  for (char c = '!'; c <= '~'; ++c) tokens.add(std::string(1, c));
}
constexpr int64_t count_min = 3 + 256 + 1 + ('~' - '!' + 1);

std::vector<std::string> syllables() {
  std::vector<std::string> all;
  for (const char consonant : std::string_view("bcdfghjklmnprstvwz")) {
    for (const char vowel : std::string_view("aeiou")) all.push_back({consonant, vowel});
  }
  return all;
}
constexpr int64_t syllable_count = 18 * 5;
constexpr int64_t count_max = count_min + 2 * (syllable_count + syllable_count * syllable_count +
                                               syllable_count * syllable_count * syllable_count);

}  // namespace

Result<gguf::Metadata> make_vocabulary(int64_t count) {
  if (count < count_min || count > count_max) {
    return fail(ErrorKind::invalid, fmt::format("a vocabulary of {} tokens cannot be made up; expected {} to {}", count,
                                                count_min, count_max));
  }
  Tokens tokens(count);
  add_bytes_and_characters(tokens);
  const std::vector<std::string> ends = syllables();
  std::vector<std::string> begins = {""};
  while (!tokens.full()) {
    std::vector<std::string> words;
    for (const std::string& begin : begins) {
      for (const std::string& end : ends) {
        words.push_back(begin + end);
        tokens.add(words.back());
        tokens.add(std::string(space) + words.back());
      }
    }
    begins = std::move(words);
  }
  return tokens.take();
}

}  // namespace quire::synth
