#include "text/token_texts.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <tuple>

namespace quire {
namespace {

std::vector<TokenId> plain_tokens(std::string_view text, const Tokenizer& tokenizer) {
  return tokenizer.encode(text, false, false);
}

std::string_view shown_text(TokenId token, const Tokenizer& tokenizer) {
  return tokenizer.is_control(token) ? tokenizer.name(token) : tokenizer.bytes(token);
}

// Adds the ways in which a token with this text can begin or be the breaker. rests[i]: the tokens of the breaker
// without its first i bytes.
void add_overlaps(TokenId token, std::string_view text, std::string_view breaker,
                  std::span<const std::vector<TokenId>> rests, std::vector<DryBreaker>& found) {
  if (text.find(breaker) != std::string_view::npos) {
    found.push_back({.first = token});
    return;
  }
  for (size_t size = std::min(breaker.size() - 1, text.size()); size > 0; --size) {
    if (text.ends_with(breaker.substr(0, size))) found.push_back({.first = token, .rest = rests[size]});
  }
}

}  // namespace

std::vector<std::vector<TokenId>> bad_word_tokens(const std::string& word, const Tokenizer& tokenizer) {
  const std::string bare = word.substr(std::min(word.find_first_not_of(" \t\n\v\f\r"), word.size()));
  std::vector<std::vector<TokenId>> sequences;
  std::vector<TokenId> at_start = plain_tokens(bare, tokenizer);
  if (at_start.empty()) return sequences;
  std::vector<TokenId> spaced = plain_tokens(" " + bare, tokenizer);
  const bool one_more = spaced.size() == at_start.size() && spaced.front() != at_start.front();
  sequences.push_back(std::move(at_start));
  if (one_more) sequences.push_back(std::move(spaced));
  return sequences;
}

std::vector<DryBreaker> dry_breakers(const std::vector<std::string>& texts, const Tokenizer& tokenizer) {
  std::vector<DryBreaker> found;
  for (const std::string_view breaker : texts) {
    std::vector<std::vector<TokenId>> rests(1);
    for (size_t begin = 1; begin < breaker.size(); ++begin) {
      rests.push_back(plain_tokens(breaker.substr(begin), tokenizer));
    }
    for (TokenId token = 0; token < tokenizer.vocab_size(); ++token) {
      add_overlaps(token, shown_text(token, tokenizer), breaker, rests, found);
    }
  }
  const auto key = [](const DryBreaker& one) { return std::tie(one.first, one.rest); };
  std::ranges::sort(found, {}, key);
  const auto repeated = std::ranges::unique(found, {}, key);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

void add_token_texts(const TokenTexts& texts, const Tokenizer& tokenizer, SamplingParams& sampling) {
  for (const auto& [text, bias] : texts.biases) {
    for (const TokenId token : plain_tokens(text, tokenizer)) sampling.logit_bias.emplace_back(token, bias);
  }
  for (const std::string& word : texts.bad_words) {
    for (std::vector<TokenId>& sequence : bad_word_tokens(word, tokenizer)) {
      sampling.bad_words.push_back(std::move(sequence));
    }
  }
  for (const TokenId token : tokenizer.suppressed()) sampling.bad_words.push_back({token});
  if (sampling.dry.multiplier != 0.0F) sampling.dry.breakers = dry_breakers(texts.dry_breakers, tokenizer);
}

}  // namespace quire
