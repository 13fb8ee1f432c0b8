#include "text/tokenizer_sentencepiece.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "text/tokenizer_merge.h"
#include "text/utf8.h"

namespace quire {

namespace {

constexpr std::string_view escaped_space = "\xE2\x96\x81";

// Spaces as SentencePiece spells them.
std::string escaped(std::string_view text, bool prefix_space) {
  std::string result;
  result.reserve(text.size() + text.size() / 2 + escaped_space.size());
  if (prefix_space) result += escaped_space;
  for (const char c : text) {
    if (c == ' ') {
      result += escaped_space;
    } else {
      result.push_back(c);
    }
  }
  return result;
}

// Bits of joints_: 32 KiB, sparse even for a quarter of a million pieces.
constexpr unsigned joint_bits_log2 = 18;

// A character's bytes as a number.
uint32_t packed(std::string_view character) {
  uint32_t bytes = 0;
  for (const char c : character) bytes = bytes << 8 | static_cast<uint8_t>(c);
  return bytes;
}

uint32_t joint_bit(uint32_t left, uint32_t right) {
  const uint64_t mixed = (uint64_t{left} << 32 | right) * 0x9e3779b97f4a7c15u;  // 2^64 / golden ratio
  return static_cast<uint32_t>(mixed >> (64 - joint_bits_log2));
}

}  // namespace

Result<SentencePieceEncoder> SentencePieceEncoder::create(const Vocabulary& vocabulary) {
  if (!vocabulary.has_scores()) {
    return fail(ErrorKind::invalid, "tokenizer.ggml.scores is missing, expected with tokenizer.ggml.model \"llama\"");
  }
  SentencePieceEncoder encoder(vocabulary);
  std::vector<float> scores;
  scores.reserve(static_cast<size_t>(vocabulary.size()));
  for (TokenId token = 0; token < vocabulary.size(); ++token) scores.push_back(vocabulary.score(token));
  std::sort(scores.begin(), scores.end(), std::greater<>());
  scores.erase(std::unique(scores.begin(), scores.end()), scores.end());
  encoder.ranks_.reserve(static_cast<size_t>(vocabulary.size()));
  for (TokenId token = 0; token < vocabulary.size(); ++token) {
    const auto place = std::lower_bound(scores.begin(), scores.end(), vocabulary.score(token), std::greater<>());
    encoder.ranks_.push_back(static_cast<int32_t>(place - scores.begin()));
  }
  return encoder;
}

Result<SentencePieceEncoder> SentencePieceEncoder::create(const Vocabulary& vocabulary, MergeTable merges,
                                                          bool cuts_words) {
  SentencePieceEncoder encoder(vocabulary);
  encoder.merges_ = std::move(merges);
  encoder.cuts_words_ = cuts_words;
  return encoder;
}

SentencePieceEncoder::SentencePieceEncoder(const Vocabulary& vocabulary)
    : joints_((size_t{1} << joint_bits_log2) / 64, 0) {
  byte_tokens_.fill(no_token);
  for (TokenId token = 0; token < vocabulary.size(); ++token) {
    if (vocabulary.is_text(token)) {
      learn_joints(vocabulary.name(token));
    } else if (vocabulary.type(token) == TokenType::byte) {
      byte_tokens_[static_cast<uint8_t>(vocabulary.bytes(token).front())] = token;
    }
  }
}

std::string SentencePieceEncoder::spelled(std::string_view text, bool prefix_space) const {
  if (!cuts_words_) return escaped(text, prefix_space);
  std::string result;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text[begin] == '\n' ? std::min(text.find_first_not_of('\n', begin), text.size())
                                           : std::min(text.find('\n', begin), text.size());
    const std::string line = escaped(text.substr(begin, end - begin), false);
    if (text[begin] != '\n' && !line.starts_with(escaped_space)) result += escaped_space;
    result += line;
    begin = end;
  }
  return result;
}

void SentencePieceEncoder::learn_joints(std::string_view piece) {
  uint32_t left = 0;
  for (size_t at = 0; at < piece.size();) {
    const size_t size = std::max<size_t>(utf8_character_size(piece, at), 1);
    const uint32_t right = packed(piece.substr(at, size));
    if (at > 0) joints_[joint_bit(left, right) / 64] |= uint64_t{1} << (joint_bit(left, right) % 64);
    left = right;
    at += size;
  }
}

bool SentencePieceEncoder::may_join(uint32_t left, uint32_t right) const {
  return (joints_[joint_bit(left, right) / 64] >> (joint_bit(left, right) % 64) & 1) != 0;
}

void SentencePieceEncoder::encode(const Vocabulary& vocabulary, std::string_view text, bool prefix_space,
                                  std::vector<TokenId>& tokens) const {
  if (text.empty()) return;
  QUIRE_CHECK(text.size() < (size_t{1} << 29), "a prompt this long is refused before it is tokenized");
  const std::string spelled_text = spelled(text, prefix_space);
  const std::string_view all = spelled_text;
  Scratch scratch;
  uint32_t left = 0;
  for (size_t at = 0; at < all.size();) {
    const size_t size = std::max<size_t>(utf8_character_size(all, at), 1);
    const std::string_view character = all.substr(at, size);
    const uint32_t right = packed(character);
    const bool cuts = !may_join(left, right) || (cuts_words_ && character == escaped_space);
    if (!scratch.symbols.empty() && cuts) encode_chunk(vocabulary, all, scratch, tokens);
    const auto index = static_cast<int32_t>(scratch.symbols.size());
    scratch.symbols.push_back({.begin = at,
                               .size = static_cast<uint32_t>(size),
                               .token = vocabulary.find_text(character),
                               .previous = index - 1,
                               .next = index + 1});
    left = right;
    at += size;
  }
  encode_chunk(vocabulary, all, scratch, tokens);
}

size_t SentencePieceEncoder::settled(std::string_view text) const {
  if (cuts_words_) return 0;  // what comes would not begin a line
  const std::string spelled_text = escaped(text, false);
  const std::string_view all = spelled_text;
  size_t settled = 0;
  size_t place = 0;  // in `text`, where a space is one byte
  uint32_t left = 0;
  for (size_t at = 0; at < all.size();) {
    const size_t found = utf8_character_size(all, at);
    if (found == 0 && all.size() - at < 4) break;  // the beginning of a character, perhaps
    const size_t size = std::max<size_t>(found, 1);
    const std::string_view character = all.substr(at, size);
    const uint32_t right = packed(character);
    if (at > 0 && !may_join(left, right)) settled = place;
    left = right;
    at += size;
    place += text[place] == ' ' ? 1 : size;
  }
  return settled;
}

void SentencePieceEncoder::encode_chunk(const Vocabulary& vocabulary, std::string_view text, Scratch& scratch,
                                        std::vector<TokenId>& tokens) const {
  std::vector<MergeSymbol>& symbols = scratch.symbols;
  symbols.back().next = -1;
  if (merges_ && text[symbols.front().begin] == '\n') {
    const size_t begin = symbols.front().begin;
    const TokenId token = vocabulary.find_text(text.substr(begin, symbols.back().begin + symbols.back().size - begin));
    if (token != no_token) {
      tokens.push_back(token);
      symbols.clear();
      return;
    }
  }
  scratch.queue.merge_all(symbols, [&](const MergeSymbol& left, const MergeSymbol& right) -> Merge {
    if (merges_) return merges_->find(left.token, right.token);
    const TokenId token = vocabulary.find_text(text.substr(left.begin, left.size + right.size));
    if (token == no_token) return {};
    return {.rank = ranks_[static_cast<size_t>(token)], .token = token};
  });
  for (int32_t i = 0; i >= 0; i = symbols[static_cast<size_t>(i)].next) {
    const MergeSymbol& symbol = symbols[static_cast<size_t>(i)];
    if (symbol.token != no_token) {
      tokens.push_back(symbol.token);
      continue;
    }
    for (const char c : text.substr(symbol.begin, symbol.size)) {
      const TokenId byte_token = byte_tokens_[static_cast<uint8_t>(c)];
      const TokenId token = byte_token != no_token ? byte_token : vocabulary.unknown();
      if (token != no_token) tokens.push_back(token);
    }
  }
  symbols.clear();
}

}  // namespace quire
