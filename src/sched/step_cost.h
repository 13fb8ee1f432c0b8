// What steps cost on this machine under the present load, learned from those that were computed.
#pragma once

#include <cstdint>
#include <vector>

#include "core/view.h"

namespace quire {

// What a step that was committed cost. The controllers know the machine by these alone.
struct StepObservation {
  int32_t streams = 0;      // sequences that computed the one token they were behind
  int32_t prompt_rows = 0;  // all other rows but
  int32_t draft_rows = 0;   // those of guessed tokens
  int64_t step_ns = 0;
};

// The model: a step takes decode_ns(streams), and prompt_row_ns for each prompt row beside them. Both follow the
// machine within some steps; a single slow step (somebody else had the core) moves them little.
// A pure function of what it was told. Engine thread only; allocates at construction alone.
class StepCost {
 public:
  // REQUIRES: streams_max >= 1.
  explicit StepCost(int32_t streams_max);

  void observe(const StepObservation& observation);
  // No guess is worth what a row of it is said to add. Since none is measured then, that is forgotten by and by: a few
  // slow steps must not keep guesses from being tried for good.
  void draft_row_too_dear() { draft_row_.fade(); }

  bool knows(int32_t streams) const { return points_[static_cast<size_t>(streams)].count > 0; }
  // Observations of steps with exactly so many streams and nothing else.
  int64_t count(int32_t streams) const { return points_[static_cast<size_t>(streams)].count; }
  // Of a step of so many streams alone: measured, else between or beside the nearest that were, else guessed from steps
  // with prompts; 0: nothing is known.
  int64_t decode_ns(int32_t streams) const;
  // Added by each prompt row; 0: not known.
  int64_t prompt_row_ns() const { return prompt_row_.value; }
  // Added by each row of a guessed token; 0: not known.
  int64_t draft_row_ns() const { return draft_row_.value; }
  int32_t streams_max() const { return static_cast<int32_t>(points_.size()) - 1; }

 private:
  struct Estimate {
    void add(int64_t observed);
    void fade();
    int64_t value = 0;
    int64_t last = 0, before_last = 0;  // observations
    int64_t count = 0;
  };

  std::vector<Estimate> points_;  // (streams_max + 1)
  int64_t measured_ = 0;          // steps of streams alone
  int64_t guess_ns_ = 0;          // stands for all points while there was none
  Estimate prompt_row_, draft_row_;
};

}  // namespace quire
