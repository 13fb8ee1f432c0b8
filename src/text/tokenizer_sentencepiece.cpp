#include "text/tokenizer_sentencepiece.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "text/tokenizer_merge.h"
#include "text/utf8.h"

namespace quire {

namespace {

// Spaces as SentencePiece spells them.
std::string escaped(std::string_view text, bool prefix_space) {
  constexpr std::string_view escaped_space = "\xE2\x96\x81";
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

}  // namespace

Result<SentencePieceEncoder> SentencePieceEncoder::create(const Vocabulary& vocabulary) {
  if (!vocabulary.has_scores()) {
    return fail(ErrorKind::invalid, "tokenizer.ggml.scores is missing, expected with tokenizer.ggml.model \"llama\"");
  }
  SentencePieceEncoder encoder;
  encoder.byte_tokens_.fill(no_token);
  std::vector<float> scores;
  scores.reserve(static_cast<size_t>(vocabulary.size()));
  for (TokenId token = 0; token < vocabulary.size(); ++token) {
    scores.push_back(vocabulary.score(token));
    if (vocabulary.type(token) != TokenType::byte) continue;
    encoder.byte_tokens_[static_cast<uint8_t>(vocabulary.bytes(token).front())] = token;
  }
  std::sort(scores.begin(), scores.end(), std::greater<>());
  scores.erase(std::unique(scores.begin(), scores.end()), scores.end());
  encoder.ranks_.reserve(static_cast<size_t>(vocabulary.size()));
  for (TokenId token = 0; token < vocabulary.size(); ++token) {
    const auto place = std::lower_bound(scores.begin(), scores.end(), vocabulary.score(token), std::greater<>());
    encoder.ranks_.push_back(static_cast<int32_t>(place - scores.begin()));
  }
  return encoder;
}

void SentencePieceEncoder::encode(const Vocabulary& vocabulary, std::string_view text, bool prefix_space,
                                  std::vector<TokenId>& tokens) const {
  if (text.empty()) return;
  QUIRE_CHECK(text.size() < (size_t{1} << 29), "a prompt this long is refused before it is tokenized");
  const std::string spelled = escaped(text, prefix_space);
  const std::string_view all = spelled;

  std::vector<MergeSymbol> symbols;
  for (size_t at = 0; at < all.size();) {
    const size_t size = std::max<size_t>(utf8_character_size(all, at), 1);
    const auto index = static_cast<int32_t>(symbols.size());
    symbols.push_back({.begin = at,
                       .size = static_cast<uint32_t>(size),
                       .token = vocabulary.find_text(all.substr(at, size)),
                       .previous = index - 1,
                       .next = index + 1});
    at += size;
  }
  symbols.back().next = -1;

  MergeQueue queue;
  queue.merge_all(symbols, [&](const MergeSymbol& left, const MergeSymbol& right) -> Merge {
    const TokenId token = vocabulary.find_text(all.substr(left.begin, left.size + right.size));
    if (token == no_token) return {};
    return {.rank = ranks_[static_cast<size_t>(token)], .token = token};
  });

  for (int32_t i = 0; i >= 0; i = symbols[static_cast<size_t>(i)].next) {
    const MergeSymbol& symbol = symbols[static_cast<size_t>(i)];
    if (symbol.token != no_token) {
      tokens.push_back(symbol.token);
      continue;
    }
    for (const char c : all.substr(symbol.begin, symbol.size)) {
      const TokenId byte_token = byte_tokens_[static_cast<uint8_t>(c)];
      const TokenId token = byte_token != no_token ? byte_token : vocabulary.unknown();
      if (token != no_token) tokens.push_back(token);
    }
  }
}

}  // namespace quire
