// Byte-level BPE: words are cut by expressions, their bytes merged by rank.
// Source: openai/gpt-2, src/encoder.py; Sennrich et al. 2016.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/ids.h"
#include "gguf/metadata.h"
#include "text/pretokenizer.h"
#include "text/tokenizer_merges.h"
#include "text/vocabulary.h"

namespace quire {

// Immutable; any thread. Belongs to the vocabulary it was made from.
class ByteBpeEncoder {
 public:
  // Reads tokenizer.ggml.merges; `pre_name` is that of a pre-tokenizer.
  static Result<ByteBpeEncoder> create(const Vocabulary& vocabulary, const gguf::Metadata& metadata,
                                       std::string_view pre_name);

  // Appends the tokens of `text`, in which no special tokens are looked for. A byte that the vocabulary cannot say
  // becomes U+FFFD. REQUIRES: text.size() < 2^29.
  void encode(const Vocabulary& vocabulary, std::string_view text, std::vector<TokenId>& tokens) const;

  // Bytes of `text`, the beginning of a longer one, that are the same tokens whatever comes after.
  size_t settled(std::string_view text) const;

  bool has(PreTokenizerTraits trait) const { return pre_tokenizer_.has(trait); }

 private:
  // What one call reuses from word to word.
  struct Scratch {
    std::vector<MergeSymbol> symbols;
    MergeQueue queue;
    std::string spelled;
  };

  ByteBpeEncoder(PreTokenizer pre_tokenizer, MergeTable merges)
      : pre_tokenizer_(std::move(pre_tokenizer)), merges_(std::move(merges)) {}
  void encode_word(const Vocabulary& vocabulary, std::string_view word, Scratch& scratch,
                   std::vector<TokenId>& tokens) const;

  PreTokenizer pre_tokenizer_;
  MergeTable merges_;
  std::array<TokenId, 256> byte_tokens_{};  // by byte; no_token: the vocabulary cannot say it
  std::vector<TokenId> replacement_;        // U+FFFD
};

}  // namespace quire
