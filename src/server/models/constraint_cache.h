// Compiled constraints of one model.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/snapshot.h"
#include "core/constraint.h"
#include "server/models/answer_shape.h"
#include "text/constraint/compiled.h"
#include "text/constraint/masks/token_trie.h"
#include "text/tokenizer.h"

namespace quire::server {

// Any thread. Keeps the last constraints that were asked for, so that a client that asks again and again with one
// schema waits for it once, and its answers share their masks.
class ConstraintCache {
 public:
  // Borrows the tokenizer for its life. `markers`: control tokens that the syntax is made of.
  ConstraintCache(const Tokenizer& tokenizer, parts::Syntax syntax, std::vector<TokenId> markers);

  // Compiling takes milliseconds as a rule. ErrorKind::invalid and unsupported say what of the shape and where;
  // too_large which bound it goes over.
  Result<std::shared_ptr<const Constraint>> find_or_compile(const AnswerShape& shape) const;

 private:
  using Known = std::map<std::string, std::shared_ptr<const Constraint>>;
  Result<std::shared_ptr<const Constraint>> compile(const AnswerShape& shape) const;
  std::shared_ptr<const constraint::TokenTrie> trie() const;
  Result<constraint::Grammar> grammar_of(const AnswerShape& shape) const;
  Result<constraint::Grammar> text_of(const AnswerShape& shape, std::span<const std::string> control,
                                      bool thinks) const;
  constraint::Preamble thinking_of(const AnswerShape& shape) const;

  const Tokenizer& tokenizer_;
  const parts::Syntax syntax_;
  const std::vector<TokenId> markers_;
  std::vector<TokenId> ends_;
  // Two askers at once may both make one, and one of the two is lost.
  mutable Snapshot<std::shared_ptr<const constraint::TokenTrie>> trie_;  // made when it is first needed
  mutable Snapshot<Known> known_;
};

}  // namespace quire::server
