// Masks as sets of tokens, and what they have to be.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "text/constraint/compiled.h"

namespace quire::constraint {

inline bool has(std::span<const uint64_t> mask, TokenId token) {
  return (mask[static_cast<size_t>(token) / 64] >> (static_cast<size_t>(token) % 64) & 1) != 0;
}

inline std::vector<TokenId> tokens_of(std::span<const uint64_t> mask) {
  std::vector<TokenId> tokens;
  for (size_t token = 0; token < mask.size() * 64; ++token) {
    if (has(mask, static_cast<TokenId>(token))) tokens.push_back(static_cast<TokenId>(token));
  }
  return tokens;
}

using ConstraintPointer = std::shared_ptr<const CompiledConstraint>;

inline ConstraintPointer constraint_of(const Grammar& grammar, std::vector<std::string> texts,
                                       MemoryBounds bounds = {}) {
  auto created =
      CompiledConstraint::create(grammar, std::make_shared<const TokenTrie>(std::move(texts)), {0}, {}, bounds);
  EXPECT_TRUE(created.has_value()) << created.error().message;
  return *created;
}

// What each token would do, tried byte by byte.
inline std::vector<TokenId> tried(Automaton& automaton, StateId state, const std::vector<std::string>& texts) {
  std::vector<TokenId> tokens;
  if (automaton.accepts(state)) tokens.push_back(0);
  for (size_t token = 1; token < texts.size(); ++token) {
    if (!texts[token].empty() && automaton.step(state, texts[token]) != dead_state)
      tokens.push_back(static_cast<TokenId>(token));
  }
  return tokens;
}

}  // namespace quire::constraint
