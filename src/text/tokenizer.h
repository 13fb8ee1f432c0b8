// Text <-> token ids, by the vocabulary of a GGUF file.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/ids.h"
#include "gguf/metadata.h"
#include "text/prompt_text.h"

namespace quire {

// Immutable; any thread. One subclass a family (SentencePiece, byte-level BPE), behind create().
class Tokenizer {
 public:
  // Reads tokenizer.ggml.*; an unknown model or pre-tokenizer is an error that lists what is supported. A vocabulary
  // whose ids, types, scores or merges do not fit each other is an error that names the key.
  static Result<std::unique_ptr<const Tokenizer>> create(const gguf::Metadata& metadata);
  virtual ~Tokenizer() = default;

  // Token ids of the prompt. Special tokens are matched outside prompt.user_spans; BOS and EOS are added as the file
  // asks when add_special is set (a BOS that the text already begins with is not doubled).
  std::vector<TokenId> encode(const PromptText& prompt, bool add_special) const;
  // The same for text without any special tokens in it (parse_special false) or with all of them parsed (true).
  std::vector<TokenId> encode(std::string_view text, bool add_special, bool parse_special) const;

  // The bytes a token stands for, which need not be whole UTF-8 characters; empty for control and unused tokens.
  // A token outside the vocabulary has none.
  std::string_view bytes(TokenId token) const;
  // The bytes of tokens one after another, as a detokenizer shows them (SentencePiece: without the space that encode
  // put before the text).
  std::string decode(std::span<const TokenId> tokens) const;
  // The text by which the vocabulary names a token, e.g. "<|im_end|>"; also for control tokens.
  std::string_view name(TokenId token) const;

  int32_t vocab_size() const;
  TokenId bos() const;                       // -1: none
  TokenId eos() const;                       // -1: none
  bool adds_bos() const;
  bool is_end(TokenId token) const;          // eos, eot, eom and the like
  bool is_control(TokenId token) const;
  std::optional<TokenId> find(std::string_view name) const;
  std::string_view family() const;           // "llama", "gpt2", as tokenizer.ggml.model says
};

}  // namespace quire
