// The steps that a row of logits goes through before a token is drawn, as a table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/sampling.h"
#include "engine/candidates.h"
#include "engine/dry.h"
#include "engine/random.h"
#include "engine/repeat_penalties.h"

namespace quire {

// Where in a sequence a token is chosen.
struct SamplingPlace {
  std::span<const TokenId> history = {};    // the tokens before this position, prompt included
  size_t prompt_tokens = 0;                 // of them
  std::span<const TokenId> forbidden = {};  // never chosen, e.g. end tokens under ignore_eos
  std::span<const uint64_t> mask = {};      // token t may be chosen where bit t % 64 of word t / 64 is set; empty: all
  std::optional<double> mirostat_mu = {};   // what the choice before left; none: there was no choice before
};

// What the steps work on. Scratch memory: nothing of one row reaches the next. One thread.
struct SamplingScratch {
  Candidates candidates;
  RepeatPenalties repeats;
  DryRepetitions dry;
  std::vector<LogitPenalty> penalties;
};

struct SamplingStepRule {
  bool cuts;  // leaves fewer tokens; not done by mirostat, nor where nothing is drawn
  bool (*asked)(const SamplingParams&);
  void (*run)(SamplingScratch&, const SamplingParams&, const SamplingPlace&);
};

const SamplingStepRule& rule_of(SamplingStep step);

// Nothing is drawn: the likeliest token is chosen.
bool greedy(const SamplingParams& params);

// Nothing but the likeliest token of the model's own logits is ever chosen.
bool takes_likeliest(const SamplingParams& params);

// What is drawn with at this place: [0, 1).
double uniform_at(const SamplingPlace& place, const SamplingParams& params, DrawPurpose purpose);

}  // namespace quire
