// The tokens that go on with a script, as logits.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/ids.h"
#include "text/tokenizer.h"

namespace quire::scripted {

// Immutable; any thread. Borrows the tokenizer. What it prefers depends on the script's text and on what was written,
// whatever tokens it was written in: a mask or forced bytes may have chosen others than the script would.
//
// Best is the token with which the tokenizer begins what is left of the text; then any other that goes on with it, long
// ones first; then one that goes on with it a little later, the nearest first: where the mask forbids the next
// characters, the script goes on behind them. What is no part of the script is written only where nothing else is
// allowed, first what closes a JSON text. At the script's end an end token is best.
class ScriptedWriter {
 public:
  explicit ScriptedWriter(const Tokenizer& tokenizer);

  // A control token's name, any other's bytes.
  std::string_view text(TokenId token) const;
  // Of text that was written, how much of the script it has used up: `at` bytes before this token.
  size_t advance(std::string_view script, size_t at, TokenId token) const;
  // Logits of the whole vocabulary, behind the script's first `at` bytes.
  void prefer(std::string_view script, size_t at, std::span<float> logits) const;

 private:
  // Tokens that `rest` begins with get what `score` says of their length, unless they have more.
  template <typename Score>
  void raise(std::string_view rest, std::span<float> logits, Score score) const;

  const Tokenizer& tokenizer_;
  std::unordered_map<std::string_view, TokenId> by_text_;
  std::vector<TokenId> ends_;
};

}  // namespace quire::scripted
