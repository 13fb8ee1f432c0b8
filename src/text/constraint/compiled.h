// A grammar for the answers of one model: the masks that the sampler sees.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "core/constraint.h"
#include "text/constraint/grammar/grammar.h"
#include "text/constraint/masks/masks.h"
#include "text/constraint/masks/token_trie.h"

namespace quire::constraint {

// What a grammar has before what comes after thinking that the answer itself has begun. No token spells it.
inline constexpr std::string_view thought_mark = "\xff\xff";

// What comes before an answer that has its shape: a model's thinking. It is open when the answer begins, or where the
// answer begins with `opening`. Any token but an end token may come, until `marker` has: then the answer begins, in the
// middle of a token too where one ends so.
struct Preamble {
  std::string marker;  // not empty
  // The answer may begin with this, after white space, or else has its shape at once: what the grammar says, and behind
  // thinking what it says after thought_mark. Empty: the thinking is open.
  std::string opening = {};
  // After so many tokens of thinking without the marker, `closing` comes token by token.
  std::optional<uint32_t> tokens_max = {};
  std::vector<TokenId> closing = {};  // tokens whose text ends with the marker, and has it nowhere else
  // Texts of tokens that have none in the trie, but are of the marker or the opening: control tokens.
  std::vector<std::pair<TokenId, std::string>> named = {};
};

// What a state can say beside its mask. Of one thread, as ConstraintState.
class CompiledState : public ConstraintState {
 public:
  // The bytes that are the only way on from here, as far as there is one, and up to `bytes_max` of them. Depends on the
  // constraint and the text alone.
  virtual std::string forced_text(size_t bytes_max) = 0;
};

// Any thread; its states as core/constraint.h says, and they are destroyed by the thread that uses them.
class CompiledConstraint : public Constraint {
 public:
  struct Shared;  // what its states have learned
  // `ends`: tokens that end an answer. `tokenizer`: what writes forced text, borrowed for the life of all states; null:
  // each token of it is chosen. Errors: as constraint::compile, and ErrorKind::invalid for a preamble that cannot be.
  static Result<std::shared_ptr<const CompiledConstraint>> create(
      const Grammar& grammar, std::shared_ptr<const TokenTrie> trie, std::vector<TokenId> ends,
      std::optional<Preamble> preamble = {}, MemoryBounds bounds = {}, const Tokenizer* tokenizer = nullptr);
  ~CompiledConstraint() override;
  std::unique_ptr<ConstraintState> begin() const override;
  std::unique_ptr<CompiledState> begin_compiled() const;
  int32_t forced_max() const override;

  // A slice of so many rows beside streams is no more than a short prompt is.
  static constexpr int32_t forced_tokens_max = 16;

 private:
  explicit CompiledConstraint(std::shared_ptr<Shared> shared);
  std::shared_ptr<Shared> shared_;  // states hold it too: it is theirs, and this only hands it out
};

}  // namespace quire::constraint
