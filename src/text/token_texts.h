// What a request says about tokens by their texts, and the tokens that it means in a vocabulary.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/sampling.h"
#include "text/tokenizer.h"

namespace quire {

struct TokenTexts {
  std::vector<std::pair<std::string, float>> biases = {};          // for each token that the text is made of
  std::vector<std::string> bad_words = {};                         // not blank
  std::vector<std::string> dry_breakers = {"\n", ":", "\"", "*"};  // llama.cpp's own; none is empty
};

// Adds what `texts` mean to logit_bias, bad_words and dry.breakers; breakers only where DRY is asked for: they are
// looked for in every token of the vocabulary. The tokens that the tokenizer says are suppressed become bad words.
void add_token_texts(const TokenTexts& texts, const Tokenizer& tokenizer, SamplingParams& sampling);

// A word as it is written at a text's start and after a space, as vLLM has it: the second only where the space becomes
// part of the first token and none is added by it.
std::vector<std::vector<TokenId>> bad_word_tokens(const std::string& word, const Tokenizer& tokenizer);

// The tokens that hold a breaker, and those that end with the beginning of one, with what must follow. By first token.
std::vector<DryBreaker> dry_breakers(const std::vector<std::string>& texts, const Tokenizer& tokenizer);

}  // namespace quire
