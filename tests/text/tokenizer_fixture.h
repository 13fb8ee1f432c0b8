// Vocabularies small enough to reason about, as GGUF metadata.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gguf/metadata.h"
#include "text/byte_alphabet.h"
#include "text/tokenizer.h"

namespace quire::test {

// A vocabulary under construction.
struct TinyVocabulary {
  std::string model;
  std::vector<std::string> tokens;
  std::vector<int32_t> types;
  std::vector<float> scores;        // empty: the key is left out
  std::vector<std::string> merges;  // empty: the key is left out

  TokenId add(std::string name, TokenType type = TokenType::normal, float score = 0) {
    tokens.push_back(std::move(name));
    types.push_back(static_cast<int32_t>(type));
    if (model == "llama") scores.push_back(score);
    return static_cast<TokenId>(tokens.size()) - 1;
  }

  gguf::Metadata metadata() const {
    gguf::Metadata metadata;
    metadata.set("tokenizer.ggml.model", model);
    metadata.set("tokenizer.ggml.tokens", tokens);
    metadata.set("tokenizer.ggml.token_type", types);
    if (!scores.empty()) metadata.set("tokenizer.ggml.scores", scores);
    if (!merges.empty()) metadata.set("tokenizer.ggml.merges", merges);
    return metadata;
  }
};

// <unk>, <s>, </s> and the 256 bytes, as SentencePiece numbers them: byte b is token 3 + b.
inline TinyVocabulary tiny_sentencepiece() {
  TinyVocabulary vocabulary{.model = "llama", .tokens = {}, .types = {}, .scores = {}, .merges = {}};
  vocabulary.add("<unk>", TokenType::unknown);
  vocabulary.add("<s>", TokenType::control);
  vocabulary.add("</s>", TokenType::control);
  for (unsigned byte = 0; byte < 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof(name), "<0x%02X>", byte);
    vocabulary.add(name, TokenType::byte);
  }
  return vocabulary;
}

// The 256 bytes: byte b is token b.
inline TinyVocabulary tiny_byte_bpe() {
  TinyVocabulary vocabulary{.model = "gpt2", .tokens = {}, .types = {}, .scores = {}, .merges = {}};
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::string name;
    append_spelled(name, static_cast<uint8_t>(byte));
    vocabulary.add(name);
  }
  return vocabulary;
}

// Adds the token "LEFTRIGHT" and the merge that makes it.
inline TokenId add_merge(TinyVocabulary& vocabulary, const std::string& left, const std::string& right) {
  vocabulary.merges.push_back(left + " " + right);
  return vocabulary.add(left + right);
}

inline gguf::Metadata byte_bpe_metadata(const TinyVocabulary& vocabulary, std::string pre = "gpt-2") {
  gguf::Metadata metadata = vocabulary.metadata();
  metadata.set("tokenizer.ggml.pre", std::move(pre));
  if (vocabulary.merges.empty()) metadata.set("tokenizer.ggml.merges", std::vector<std::string>{});
  return metadata;
}

}  // namespace quire::test
