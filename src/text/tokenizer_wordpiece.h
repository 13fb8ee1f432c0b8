// WordPiece: text is brought to plain small letters, cut into words, and each word into the longest pieces from its
// left. Source: google-research/bert, tokenization.py.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/ids.h"
#include "gguf/metadata.h"
#include "text/piece_trie.h"
#include "text/vocabulary.h"

namespace quire {

// Immutable; any thread. Belongs to the vocabulary it was made from, in which a piece that begins a word has U+2581
// before it and the others have nothing ("phantom space").
class WordPieceEncoder {
 public:
  // Reads tokenizer.ggml.normalizer.lowercase and .strip_accents; both are on where the file says nothing.
  static Result<WordPieceEncoder> create(const Vocabulary& vocabulary, const gguf::Metadata& metadata);

  // Appends the tokens of `text`, in which no special tokens are looked for. Control characters and bytes that are not
  // UTF-8 are nothing. A word that the pieces cannot spell, or of more than 100 characters, is the unknown token, or
  // nothing where there is none.
  void encode(const Vocabulary& vocabulary, std::string_view text, std::vector<TokenId>& tokens) const;

  // Encoders write no text, so nothing of theirs is ever forced: no end is looked for.
  size_t settled(std::string_view) const { return 0; }

 private:
  explicit WordPieceEncoder(PieceTrie pieces) : pieces_(std::move(pieces)) {}
  // `word` begins with U+2581. It is emptied but for that.
  void encode_word(const Vocabulary& vocabulary, std::string& word, std::vector<TokenId>& tokens) const;

  PieceTrie pieces_;
  bool lowercase_ = true;
  bool strip_accents_ = true;
};

}  // namespace quire
