// What a stage came to: counts, rates and percentiles, of everything and of each band, client and turn.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/percentiles.h"
#include "load/run.h"

namespace quire::load {

// When an answer is good enough to count as goodput.
struct ServiceLimits {
  double first_ms = 0;  // until the first token, from when it was due; 0: any
  double gap_ms = 0;    // per token after the first, on average over the answer; 0: any
};

struct Figures {
  int64_t requests = 0;  // all but the interrupted ones
  std::array<int64_t, outcome_count> outcomes{};
  int64_t good = 0;  // whole, and within the limits
  // Of requests that this side did not spoil (slow readers; dropped ones have a first token at most).
  Percentiles first_ns;  // due -> first piece
  Percentiles gap_ns;    // from one piece to the next
  Percentiles whole_ns;  // due -> end of a whole answer
  Percentiles wait_ns;   // due -> the server began with it, where it says when
  // Within the window.
  double tokens_per_s = 0;         // that arrived
  double prompt_tokens_per_s = 0;  // of answered requests
  double requests_per_s = 0;       // whole answers
  double good_per_s = 0;
  int64_t prompt_tokens = 0, cached_tokens = 0, tokens = 0;
  Percentiles prompt_size;       // tokens of one prompt
  int64_t truncated = 0;         // prompts that the server shortened to fit, where it says so
  int64_t looked_up_tokens = 0;  // of the prompts of which the server says how much came from its cache

  int64_t count(Outcome outcome) const { return outcomes[static_cast<size_t>(outcome)]; }
  // Everything that neither side meant to happen.
  int64_t errors() const;
  double good_share() const;
  // Of the prompts' tokens, what the server found in its cache; none where it does not say.
  std::optional<double> cached_share() const;
};

Figures figures_of(const std::vector<const Sample*>& samples, int64_t window_ns, const ServiceLimits& limits);

struct StageReport {
  std::string server;  // the address, as it was given
  std::string load;    // Stage::label
  LoadKind kind = LoadKind::closed;
  double level = 0;  // contexts of a closed loop, else requests that arrived a second
  int64_t window_ns = 0;
  bool interrupted = false;
  Figures all;
  std::map<int32_t, Figures> bands;            // -1: without a band; empty where there is only one
  std::map<std::string, Figures> clients;      // empty where there is only one
  std::map<int32_t, Figures> turns;            // of conversations, from 1; empty where none has a second one
  std::map<std::string, int64_t> error_texts;  // the first ones, with how often
  std::vector<Sample> samples;
};

// Takes the samples over.
StageReport report_of(const Target& target, const WorkloadSpec& spec, StageResult result, const ServiceLimits& limits);

// Which of so many turns a person wants to see: all where they are few, else 1, 2, 5, 10, 20 ... and the last.
std::vector<int32_t> shown_turns(int32_t last);

}  // namespace quire::load
