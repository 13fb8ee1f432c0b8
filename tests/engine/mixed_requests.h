// Requests of all kinds, with constraints, for tests that compare whole answers.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/request.h"
#include "sim/fake_constraint.h"
#include "support/take.h"
#include "text/constraint/compiled.h"
#include "text/constraint/front_end.h"
#include "text/tokenizer.h"

namespace quire::test {

// Whatever looks at what was said before, or keeps something from one token to the next.
inline void add_rarer_steps(std::mt19937_64& random, SamplingParams& sampling) {
  if (random() % 3 == 0) sampling.mirostat = {.version = static_cast<uint8_t>(1 + random() % 2), .tau = 3.0F};
  if (random() % 3 == 0) {
    sampling.dry = {.multiplier = 0.8F, .allowed_length = 1, .breakers = {{.first = 13}, {.first = 20, .rest = {21}}}};
  }
  if (random() % 4 == 0) sampling.xtc = {.probability = 0.5F, .threshold = 0.05F};
  if (random() % 4 == 0) sampling.dynatemp_range = 0.5F;
  if (random() % 4 == 0) sampling.top_n_sigma = 2.0F;
  if (random() % 4 == 0) sampling.repetition_penalty = 1.2F;
  if (random() % 4 == 0) sampling.bad_words = {{30}, {40, 41}};
}

// What answers in either vocabulary may say: texts without a digit, of few characters, and anything until one token's
// text has come, then few characters, and anything with forced tokens. They have learned nothing yet, and keep as much
// as `bounds` lets them.
using Constraints = std::vector<std::shared_ptr<const Constraint>>;
inline Constraints constraints_of(const Tokenizer& tokenizer, constraint::MemoryBounds bounds = {}) {
  const auto trie = std::make_shared<const constraint::TokenTrie>(constraint::TokenTrie::of(tokenizer));
  std::vector<TokenId> ends;
  for (TokenId token = 0; token < tokenizer.vocab_size(); ++token) {
    if (tokenizer.is_end(token)) ends.push_back(token);
  }
  const TokenId last = tokenizer.vocab_size() - 1;
  const constraint::Preamble thinking{.marker = std::string(trie->text(last)), .tokens_max = 6, .closing = {last}};
  Constraints constraints;
  const auto add = [&](const char* pattern, std::optional<constraint::Preamble> preamble) {
    const auto grammar = take(constraint::grammar_of({.kind = constraint::Kind::regex, .text = pattern}));
    constraints.push_back(
        take(constraint::CompiledConstraint::create(grammar, trie, ends, std::move(preamble), bounds)));
  };
  add("[^5]*", {});
  add("([^3]{1,6}[ .]){1,9}", {});
  add("[^7]{2,40}", thinking);
  constraints.push_back(std::make_shared<sim::FakeConstraint>(7, 5));  // which forces up to five tokens a step
  return constraints;
}

// Mixed lengths, seeds, sampling, priorities; some prompts begin alike, a third of the answers is constrained. A
// function of (seed, vocab), and of the languages of the constraints.
inline std::vector<Request> mixed_requests(uint64_t seed, int32_t vocab, int count, const Constraints& constraints) {
  std::mt19937_64 random(seed);
  const auto token = [&] { return static_cast<TokenId>(3 + random() % static_cast<uint64_t>(vocab - 3)); };
  std::vector<TokenId> shared;
  for (int index = 0; index < 80; ++index) shared.push_back(token());
  std::vector<Request> requests;
  for (int index = 0; index < count; ++index) {
    Request request{.id = {static_cast<uint64_t>(index) + 1}};
    request.prompt = {1};
    if (random() % 3 == 0) request.prompt = shared;
    const size_t more_max = random() % 4 == 0 ? 60 : 12;
    for (size_t more = random() % more_max; more > 0; --more) request.prompt.push_back(token());
    request.generated_max = static_cast<int32_t>(1 + random() % 40);
    request.ignore_eos = random() % 2 == 0;
    request.logprobs_top_n = static_cast<int32_t>(random() % 3);
    request.priority = static_cast<uint8_t>(random() % 8);
    SamplingParams& sampling = request.sampling;
    sampling.seed = random();
    if (random() % 3 != 0) {
      sampling.temperature = 0.5F + 0.25F * static_cast<float>(random() % 4);
      sampling.top_k = random() % 2 == 0 ? 40 : 0;
      sampling.top_p = random() % 2 == 0 ? 0.9F : 1.0F;
      sampling.min_p = random() % 4 == 0 ? 0.05F : 0.0F;
      sampling.repeat_penalty = random() % 3 == 0 ? 1.1F : 1.0F;
      add_rarer_steps(random, sampling);
    }
    if (random() % 4 == 0) {
      request.context_max = static_cast<int32_t>(request.prompt.size() + 2 + random() % 30);
      request.shift_keep = static_cast<int32_t>(random() % 40);
    }
    if (random() % 4 == 0) request.generated_min = static_cast<int32_t>(random() % 8);
    if (random() % 6 == 0) request.prompt_logprobs_top_n = static_cast<int32_t>(random() % 3);
    if (random() % 8 == 0) request.pooling = random() % 2 == 0 ? Pooling::mean : Pooling::last;
    if (index % 3 == 0) request.constraint = constraints[static_cast<size_t>(index) / 3 % constraints.size()];
    // Tokens that are forced come in one step where no log-probabilities are asked for, else one by one.
    if (request.constraint != nullptr && index / 12 % 2 == 0) request.logprobs_top_n = -1;
    requests.push_back(std::move(request));
  }
  return requests;
}

}  // namespace quire::test
