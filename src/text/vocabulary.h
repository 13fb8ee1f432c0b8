// The tokens of a GGUF file's vocabulary: names, types, scores, bytes, and which of them are special.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "core/ids.h"
#include "gguf/metadata.h"

namespace quire {

constexpr TokenId no_token = -1;

// As tokenizer.ggml.token_type numbers them.
enum class TokenType : uint8_t {
  undefined = 0,     // read as normal
  normal = 1,        // text
  unknown = 2,       // stands for what has no token
  control = 3,       // directs the model; no text
  user_defined = 4,  // text that is always one token
  unused = 5,        // never produced, no text
  byte = 6,          // one byte, named <0xNN>
};

// What names are, and which tokens text may become. In all but byte_level names are UTF-8 with U+2581 for a space.
enum class VocabularyKind : uint8_t {
  sentencepiece,
  byte_level,  // one printable character for each byte (byte_alphabet.h)
  characters,  // user-defined tokens are spelled as the others, and text that is not matched with one may become it
  wordpiece,
  unigram,
};

// Immutable; any thread. Movable: views stay valid.
// Invariants: size() >= 1; names are unique but for empty ones; every special id is below size() or no_token; no score
// is NaN.
class Vocabulary {
 public:
  // Reads tokenizer.ggml.tokens, token_type, scores and the ids of special tokens. An error names the key.
  static Result<Vocabulary> read(const gguf::Metadata& metadata, VocabularyKind kind);

  int32_t size() const { return static_cast<int32_t>(types_.size()); }
  bool contains(TokenId token) const { return token >= 0 && token < size(); }

  // Empty for a token outside the vocabulary.
  std::string_view name(TokenId token) const;
  // What a detokenizer writes for it: nothing for control, unknown and unused tokens.
  std::string_view bytes(TokenId token) const;

  // no_token when nothing is named so.
  TokenId find(std::string_view name) const;
  // The same among the tokens that text may become (normal ones): a text that spells a control, byte or unused token
  // is never that token, and user-defined ones are matched before.
  TokenId find_text(std::string_view name) const;
  // REQUIRES: contains(token).
  bool is_text(TokenId token) const {
    return type(token) == TokenType::normal ||
           (kind_ == VocabularyKind::characters && type(token) == TokenType::user_defined);
  }

  // REQUIRES: contains(token).
  TokenType type(TokenId token) const { return types_[static_cast<size_t>(token)]; }
  float score(TokenId token) const { return scores_[static_cast<size_t>(token)]; }
  bool has_scores() const { return !scores_.empty(); }

  TokenId bos() const { return bos_; }
  TokenId eos() const { return eos_; }
  TokenId unknown() const { return unknown_; }
  TokenId separator() const { return separator_; }
  // Those that the file says are never chosen, ascending.
  std::span<const TokenId> suppressed() const { return suppressed_; }
  // Ends generation: the file's eos, eot and eom, and the names by which models are known to end a turn.
  bool is_end(TokenId token) const;

 private:
  struct Extent {
    uint32_t begin = 0;
    uint32_t size = 0;
  };

  explicit Vocabulary(VocabularyKind kind) : kind_(kind) {}
  Result<void> read_names(const gguf::Metadata& metadata);
  Result<void> read_types(const gguf::Metadata& metadata);
  Result<void> read_scores(const gguf::Metadata& metadata);
  Result<void> read_special_ids(const gguf::Metadata& metadata);
  Result<void> read_ends(const gguf::Metadata& metadata);
  // The ids under `key`, ascending.
  Result<std::vector<TokenId>> read_ids(const gguf::Metadata& metadata, std::string_view key) const;
  TokenId usual(TokenId id, TokenType type_of_it) const;
  TokenId usual(std::string_view name) const;
  void find_special_names();
  Result<void> spell_bytes();

  VocabularyKind kind_;

  std::vector<char> text_;     // all names, then all bytes that differ from the name
  std::vector<Extent> names_;  // in text_, one a token
  std::vector<Extent> bytes_;  // in text_, one a token
  std::vector<TokenType> types_;
  std::vector<float> scores_;                                 // empty: the file has none
  std::unordered_map<std::string_view, TokenId> id_by_name_;  // views into text_
  std::vector<TokenId> ends_;                                 // sorted
  TokenId bos_ = no_token;
  TokenId eos_ = no_token;
  TokenId unknown_ = no_token;
  TokenId separator_ = no_token;
  std::vector<TokenId> suppressed_;
};

}  // namespace quire
