// All that a small model computes: prompts in slices and in company, guesses, single tokens, or whole texts.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <numeric>
#include <span>
#include <vector>

#include "model/instance.h"
#include "support/runner.h"
#include "support/take.h"

namespace quire::test {

inline Limits walk_limits() {
  constexpr int32_t context_tokens = 64;
  return {.block_count = 4,
          .state_count = 2,
          .context_tokens = context_tokens,
          .running_max = 2,
          .step_tokens_max = context_tokens,
          .draft_rows_max = 4};
}

// What a model has given.
struct Walk {
  Runner runner;
  std::vector<float> values = {};

  void add(std::span<const float> more) { values.insert(values.end(), more.begin(), more.end()); }
};

// A prompt in two slices, the second one in company, then a token each; where there are states with guesses, one of
// which is right.
inline void answer(Walk& given, std::span<const TokenId> tokens) {
  const std::vector<BlockId> first = {{2}, {0}}, second = {{1}, {3}};
  Runner& runner = given.runner;
  const auto step = [&](std::initializer_list<Runner::Part> parts) { given.add(runner.step(parts).values); };
  step({{.tokens = tokens.first(5), .blocks = first}});
  step({{.tokens = tokens.subspan(5, 3), .position = 5, .blocks = first},
        {.tokens = tokens.first(2), .blocks = second, .state = {1}}});
  step({{.tokens = tokens.subspan(4, 3), .position = 8, .blocks = first, .drafted = 2, .logits_rows = 3},
        {.tokens = tokens.subspan(2, 1), .position = 2, .blocks = second, .state = {1}}});
  const std::vector<int32_t> accepted = {1, 0};
  runner.keep(accepted);
  step({{.tokens = tokens.subspan(1, 1), .position = 10, .blocks = first},
        {.tokens = tokens.subspan(3, 1), .position = 3, .blocks = second, .state = {1}}});
}

// Two texts, and what becomes of a row of one.
inline void read(Walk& given, std::span<const TokenId> tokens) {
  const std::vector<std::span<const TokenId>> texts = {tokens, tokens.first(3)};
  given.runner.read_texts(texts);
  std::vector<int32_t> rows(tokens.size() + 3);
  std::iota(rows.begin(), rows.end(), 0);
  const HiddenStates states = given.runner.states(rows);
  given.add(states.values);
  const std::vector<float> row(given.values.begin(), given.values.begin() + states.width);
  given.add(given.runner.head(row));
}

// Of an instance made with walk_limits(): every float that it gives.
inline std::vector<float> walk(ModelInstance instance, std::span<const TokenId> tokens) {
  const bool whole_texts = instance.model().config().whole_texts;
  Walk given{.runner = Runner(std::move(instance), walk_limits())};
  whole_texts ? read(given, tokens) : answer(given, tokens);
  return std::move(given.values);
}

}  // namespace quire::test
