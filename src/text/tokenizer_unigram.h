// SentencePiece's unigram model: of all ways to write a text in pieces the likeliest.
// Source: Kudo 2018 (subword regularization); google/sentencepiece, src/unigram_model.cc and src/normalizer.cc.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/ids.h"
#include "gguf/metadata.h"
#include "text/charsmap.h"
#include "text/piece_trie.h"
#include "text/vocabulary.h"

namespace quire {

// Where a text stands, which decides what becomes of the spaces at its left end.
enum class TextPlace {
  begins,       // those that say nothing are dropped
  begins_word,  // and one is put before what is left
  goes_on,      // from other tokens' text
};

// Immutable; any thread. Belongs to the vocabulary it was made from.
class UnigramEncoder {
 public:
  // Reads tokenizer.ggml.precompiled_charsmap and .remove_extra_whitespaces; scores must be there.
  static Result<UnigramEncoder> create(const Vocabulary& vocabulary, const gguf::Metadata& metadata);

  // Appends the tokens of `text`, in which no special tokens are looked for. Characters without a piece become their
  // bytes where the vocabulary has all 256; else a run of them is one unknown token, or nothing where there is none.
  // Bytes that are not UTF-8 are U+FFFD each. REQUIRES: text.size() < 2^29.
  void encode(const Vocabulary& vocabulary, std::string_view text, TextPlace place, std::vector<TokenId>& tokens) const;

  // A piece that comes later may change all before it, and encoders write no text: no end is looked for.
  size_t settled(std::string_view) const { return 0; }

 private:
  // The best way to write the text up to a place: the piece that ends there.
  struct Step {
    double score;
    uint32_t begin;
    TokenId token;  // no_token: a character without a piece
  };
  struct Piece {
    size_t begin;
    size_t end;
    TokenId token;
  };
  struct Scratch {
    std::vector<Step> steps;  // by bytes of the chunk
    std::vector<Piece> path;  // from its end
    bool after_unknown = false;
  };

  UnigramEncoder(PieceTrie pieces, Charsmap charsmap) : pieces_(std::move(pieces)), charsmap_(std::move(charsmap)) {}
  std::string normalized(std::string_view text, TextPlace place) const;
  // Appends the tokens of a text across whose ends no piece reaches.
  void encode_chunk(const Vocabulary& vocabulary, std::string_view text, Scratch& scratch,
                    std::vector<TokenId>& tokens) const;
  void append_unknown(const Vocabulary& vocabulary, std::string_view character, Scratch& scratch,
                      std::vector<TokenId>& tokens) const;

  PieceTrie pieces_;
  Charsmap charsmap_;
  double unknown_score_ = 0;
  bool merges_spaces_ = false;
  bool words_begin_with_space_ = true;  // in no piece does U+2581 follow another character
  bool has_bytes_ = false;
  std::array<TokenId, 256> byte_tokens_{};
};

}  // namespace quire
