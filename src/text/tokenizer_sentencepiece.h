// BPE over characters, spaces being U+2581: they are merged by the scores of the pieces they form, or in the order of a
// list of merges; what has no piece becomes bytes.
// Source: google/sentencepiece, src/bpe_model.cc.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/ids.h"
#include "text/tokenizer_merge.h"
#include "text/tokenizer_merges.h"
#include "text/vocabulary.h"

namespace quire {

// Immutable; any thread. Belongs to the vocabulary it was made from.
class SentencePieceEncoder {
 public:
  static Result<SentencePieceEncoder> create(const Vocabulary& vocabulary);
  // Merges as tokenizer.ggml.merges says instead of by scores. A run of line ends that is a token is that token.
  // cuts_words: nothing is merged across a space, and each line begins with one.
  static Result<SentencePieceEncoder> create(const Vocabulary& vocabulary, MergeTable merges, bool cuts_words);

  // Appends the tokens of `text`, in which no special tokens are looked for. prefix_space: as if a space came before.
  // A character without a piece becomes its bytes' tokens, one byte without a token the unknown token or, where there
  // is none, nothing. Bytes that are not UTF-8 count as characters of one byte. REQUIRES: text.size() < 2^29.
  void encode(const Vocabulary& vocabulary, std::string_view text, bool prefix_space,
              std::vector<TokenId>& tokens) const;

  // Bytes of `text`, the beginning of a longer one, that are the same tokens whatever comes after: up to the last two
  // characters that no piece joins.
  size_t settled(std::string_view text) const;

 private:
  // What one call reuses from chunk to chunk.
  struct Scratch {
    std::vector<MergeSymbol> symbols;
    MergeQueue queue;
  };

  // Learns what both kinds need: joints and byte tokens.
  explicit SentencePieceEncoder(const Vocabulary& vocabulary);
  std::string spelled(std::string_view text, bool prefix_space) const;
  void learn_joints(std::string_view piece);
  bool may_join(uint32_t left, uint32_t right) const;
  // Merges scratch.symbols, which are parts of `text`, and appends what they became.
  void encode_chunk(const Vocabulary& vocabulary, std::string_view text, Scratch& scratch,
                    std::vector<TokenId>& tokens) const;

  // Which characters stand side by side in some piece: a set of hashes. No merge crosses two that do not, so the text
  // is cut there and merged in chunks, mostly words, that stay in cache. A hash too many only makes a chunk longer.
  std::vector<uint64_t> joints_;
  std::vector<int32_t> ranks_;  // by token: the place of its score, the highest first; without merges_
  std::optional<MergeTable> merges_;
  bool cuts_words_ = false;
  std::array<TokenId, 256> byte_tokens_{};  // by byte; no_token: the vocabulary cannot say it
};

}  // namespace quire
