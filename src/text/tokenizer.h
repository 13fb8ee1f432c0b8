// Text <-> token ids, by the vocabulary of a GGUF file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "core/ids.h"
#include "gguf/metadata.h"
#include "text/prompt_text.h"
#include "text/tokenizer_byte_bpe.h"
#include "text/tokenizer_sentencepiece.h"
#include "text/tokenizer_special.h"
#include "text/tokenizer_unigram.h"
#include "text/tokenizer_wordpiece.h"
#include "text/vocabulary.h"

namespace quire {

// Immutable; any thread. By tokenizer.ggml.model: "llama" (SentencePiece's BPE), "gpt2" (byte-level BPE), "gemma4" (BPE
// over characters), "bert" (WordPiece), "t5" (SentencePiece's unigram model).
class Tokenizer {
 public:
  // Reads tokenizer.ggml.*; an unknown model or pre-tokenizer is an error that lists what is supported. A vocabulary
  // whose ids, types, scores or merges do not fit each other is an error that names the key. What was guessed is in
  // warnings().
  static Result<std::unique_ptr<const Tokenizer>> create(const gguf::Metadata& metadata);

  // Bytes of text that one token can stand for at most: a text of n bytes has at least n / text_bytes_max() tokens.
  size_t text_bytes_max() const { return text_bytes_max_; }

  // Token ids of the prompt. Control tokens are matched outside prompt.user_spans, user-defined ones everywhere: the
  // first in the text, of those that begin at one place the longest. BOS and EOS are added as the file asks when
  // add_special is set (one that the text already has there is not doubled). REQUIRES: the text is below 2^29 bytes.
  std::vector<TokenId> encode(const PromptText& prompt, bool add_special) const;
  // The same for text without any control tokens in it (parse_special false) or with all of them parsed (true).
  std::vector<TokenId> encode(std::string_view text, bool add_special, bool parse_special) const;
  // Appends the tokens of text that goes on from other tokens' text: no space is put before it, and no control token is
  // in it.
  void encode_further(std::string_view text, std::vector<TokenId>& tokens) const;
  // Bytes of such a text that are the same tokens, and no part of another one, whatever comes after it.
  size_t settled(std::string_view text) const;

  // The bytes a token stands for, which need not be whole UTF-8 characters; empty for control and unused tokens.
  // A token outside the vocabulary has none.
  std::string_view bytes(TokenId token) const { return vocabulary_.bytes(token); }
  // The bytes of tokens one after another, as a detokenizer shows them (SentencePiece: without the space that encode
  // put before the text).
  std::string decode(std::span<const TokenId> tokens) const;
  // The text by which the vocabulary names a token, e.g. "<|im_end|>"; also for control tokens.
  std::string_view name(TokenId token) const { return vocabulary_.name(token); }

  int32_t vocab_size() const { return vocabulary_.size(); }
  TokenId bos() const { return vocabulary_.bos(); }  // -1: none
  TokenId eos() const { return vocabulary_.eos(); }  // -1: none
  // Stands between two texts that are judged together, and ends each in WordPiece; -1: none.
  TokenId separator() const { return vocabulary_.separator(); }
  // Two texts in one prompt have it between them.
  bool adds_separator() const { return adds_separator_; }
  // Those that the file says no answer has, ascending: add_token_texts forbids them in each request.
  std::span<const TokenId> suppressed() const { return vocabulary_.suppressed(); }
  bool adds_bos() const { return adds_bos_; }
  bool adds_eos() const { return adds_eos_; }
  // encode puts a space before the text, which decode takes away; bytes() of the first token still has it.
  bool adds_space_prefix() const { return adds_space_prefix_; }
  bool is_end(TokenId token) const { return vocabulary_.is_end(token); }  // eos, eot, eom and the like
  bool is_control(TokenId token) const {
    return vocabulary_.contains(token) && vocabulary_.type(token) == TokenType::control;
  }
  std::optional<TokenId> find(std::string_view name) const;
  const std::string& family() const { return family_; }  // as tokenizer.ggml.model says
  // Sentences for the log.
  std::span<const std::string> warnings() const { return warnings_; }

 private:
  using Encoder = std::variant<SentencePieceEncoder, ByteBpeEncoder, WordPieceEncoder, UnigramEncoder>;
  // What goes with a vocabulary unless the file says otherwise.
  struct Usual {
    bool adds_bos = false;
    bool always_adds_bos = false;  // whatever the file says
    bool adds_eos = false;
    bool adds_separator = false;
    bool adds_space_prefix = false;
    std::string warning = {};
  };
  struct Parts {
    Vocabulary vocabulary;
    Encoder encoder;
    Usual usual;
  };

  Tokenizer(Vocabulary vocabulary, Encoder encoder);
  static Result<Parts> read_parts(const std::string& family, const gguf::Metadata& metadata);
  static Result<Parts> read_bpe(const gguf::Metadata& metadata);
  static Result<Parts> read_character_bpe(const gguf::Metadata& metadata, std::string_view pre_name);
  Result<void> read_options(const gguf::Metadata& metadata, const Usual& usual);
  std::vector<TokenId> encode_masked(std::string_view text, std::span<const TextSpan> masked, bool add_special) const;
  void encode_text(std::string_view text, bool begins, std::vector<TokenId>& tokens) const;
  size_t longest_text_of_token() const;
  TokenId last_token() const;
  size_t skip_stripped(std::string_view text, size_t at, TokenId special) const;

  // const after create()
  std::string family_;
  std::vector<std::string> warnings_;
  Vocabulary vocabulary_;
  SpecialTokens specials_;
  Encoder encoder_;
  bool adds_bos_ = false;
  bool adds_eos_ = false;
  bool adds_separator_ = false;
  bool adds_space_prefix_ = false;
  size_t text_bytes_max_ = 1;
  bool specials_strip_right_ = false;  // control tokens swallow the white space after them
};

}  // namespace quire
