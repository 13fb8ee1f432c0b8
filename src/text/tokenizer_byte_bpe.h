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
#include "text/tokenizer_merge.h"
#include "text/vocabulary.h"

namespace quire {

// Which pairs of tokens merge: for each left token its right ones in ascending order, so a look-up is a binary
// search and no file can make it slow. Immutable; any thread.
class MergeTable {
 public:
  // From the lines "LEFT RIGHT" of tokenizer.ggml.merges, best first. A line that is not two names is an error; one
  // that names or forms something that is no text token of the vocabulary is ignored, as nothing could come of it.
  static Result<MergeTable> create(const Vocabulary& vocabulary, const std::vector<std::string>& lines);

  Merge find(TokenId left, TokenId right) const;

 private:
  struct Entry {
    TokenId right;
    int32_t rank;
    TokenId merged;
  };
  std::vector<uint32_t> first_;  // by left token, and one more: where its entries begin
  std::vector<Entry> entries_;
};

// Immutable; any thread. Belongs to the vocabulary it was made from.
class ByteBpeEncoder {
 public:
  // Reads tokenizer.ggml.merges and tokenizer.ggml.pre.
  static Result<ByteBpeEncoder> create(const Vocabulary& vocabulary, const gguf::Metadata& metadata);

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
