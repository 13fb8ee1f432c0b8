// A grammar for the answers of one model: the masks that the sampler sees.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "core/constraint.h"
#include "text/constraint/grammar/grammar.h"
#include "text/constraint/masks/masks.h"
#include "text/constraint/masks/token_trie.h"

namespace quire::constraint {

// What comes before an answer that has its shape: a model's thinking, which is open when the answer begins. Any token
// but an end token may come, until `marker` has: then the answer begins, in the middle of a token too where one ends
// so.
struct Preamble {
  std::string marker;  // not empty
  // After so many tokens without the marker, `closing` comes token by token.
  std::optional<uint32_t> tokens_max = {};
  std::vector<TokenId> closing = {};  // tokens whose text ends with the marker, and has it nowhere else
  // Texts of tokens that have none in the trie, but are of the marker: control tokens.
  std::vector<std::pair<TokenId, std::string>> named = {};
};

// What a state can say beside its mask. Of one thread, as ConstraintState.
class CompiledState : public ConstraintState {
 public:
  // The bytes that are the only way on from here, as far as there is one, and up to `bytes_max` of them. Depends on the
  // constraint and the text alone.
  virtual std::string forced(size_t bytes_max) = 0;
};

// Any thread; its states as core/constraint.h says, and they are destroyed by the thread that uses them.
class CompiledConstraint : public Constraint {
 public:
  struct Shared;  // what its states have learned
  // `ends`: tokens that end an answer. Errors: as constraint::compile, and ErrorKind::invalid for a preamble that
  // cannot be.
  static Result<std::shared_ptr<const CompiledConstraint>> create(const Grammar& grammar,
                                                                  std::shared_ptr<const TokenTrie> trie,
                                                                  std::vector<TokenId> ends,
                                                                  std::optional<Preamble> preamble = {},
                                                                  MemoryBounds bounds = {});
  ~CompiledConstraint() override;
  std::unique_ptr<ConstraintState> begin() const override;
  std::unique_ptr<CompiledState> begin_compiled() const;

 private:
  explicit CompiledConstraint(std::shared_ptr<Shared> shared);
  std::shared_ptr<Shared> shared_;  // states hold it too: it is theirs, and this only hands it out
};

}  // namespace quire::constraint
