// Worlds made by hand, run and compared.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "sim/simulation.h"
#include "sim/vocabulary.h"

namespace quire::sim::test {

inline const Tokenizer& tokenizer() {
  static const std::unique_ptr<const Tokenizer> one = make_tokenizer().value();
  return *one;
}

inline std::vector<TokenId> letters(uint64_t seed, int32_t count) {
  Random random(seed);
  std::vector<TokenId> tokens(static_cast<size_t>(count));
  for (TokenId& token : tokens) token = first_letter + random.below(letter_count);
  return tokens;
}

// A greedy request that does not end before its length.
inline WorldRequest request(uint64_t id, std::vector<TokenId> prompt, int32_t answer, int32_t arrival_step = 0) {
  WorldRequest one{.request = {.id = {id}, .prompt = std::move(prompt), .generated_max = answer, .ignore_eos = true},
                   .arrival_step = arrival_step,
                   .fault = {}};
  return one;
}

inline SimulationReport run(const World& world) {
  const SimulationReport report = Simulation(world, tokenizer()).run();
  for (const std::string& failure : report.failures) ADD_FAILURE() << failure;
  return report;
}

inline bool occurred(const SimulationReport& report, Occurrence occurrence) {
  return report.occurrences.test(static_cast<size_t>(occurrence));
}

}  // namespace quire::sim::test
