// The real engine in a made-up world: virtual time, a fake model, and every promise checked at each step.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/engine.h"
#include "sim/coverage.h"
#include "sim/fake_executor.h"
#include "sim/memory_watch.h"
#include "sim/promises.h"
#include "sim/reference.h"
#include "sim/world.h"

namespace quire::sim {

struct SimulationReport {
  std::vector<std::string> failures;  // promises that were broken, in words; empty is what one wants
  Occurrences occurrences;
  int64_t steps = 0;
  int64_t rows_computed = 0;
  double service_gap = 0;       // the widest between waiting clients, as a share of the bound 2U
  std::vector<Answer> answers;  // of each request, as far as it came
};

// Runs one world to its end. One thread; use once.
// Checked: the scheduler's invariants in the middle and at the end of each step; rows within the budget; each running
// stream advances at each step; candidates start and are parked in order; clients that wait are served alike; nobody
// waits beyond what ageing allows; memory follows its limit; no block is in tables of two salts;
// each row that is read is the one that belongs there; one final event for each request; each answer equal to the
// answer alone, or its beginning when it was cut off; an end within the bound; no block held at the end; the engine's
// totals are what its events said.
class Simulation {
 public:
  // A line for each step, when someone wants to watch.
  using Trace = std::function<void(const std::string&)>;

  Simulation(const World& world, const Tokenizer& tokenizer, Trace trace = {});
  SimulationReport run();

 private:
  enum class Phase : uint8_t { unknown, waiting, running, parked, parked_without, ended };
  struct Track {
    const WorldRequest* world = nullptr;
    Phase phase = Phase::unknown;
    Phase last = Phase::unknown;  // before it ended
    bool finished = false;
    bool cancelled_by_us = false;
    int32_t cancel_step = -1;
    int32_t context_prompt = 0;  // of its present context
    int32_t reached = 0;         // the most of that that was ever computed
    Answer answer;
  };

  void submit(Track& track);
  void act();
  void watch_step(const Batch& batch);
  void note_texts(const Batch& batch);
  void note_issued(const Batch& batch);
  void check_streams_advance(const Batch& batch);
  bool may_wait(const Sequence& stream) const;
  std::vector<Seen> seen() const;
  bool ages() const;
  void report_unless_kept(const std::optional<std::string>& broken);
  void check_promises();
  void check_unissued_plan();
  void charge(const Batch& batch);
  void note_parked(const std::vector<Phase>& before);
  void note_phases();
  void note_followers(const Batch& batch);
  void receive(const Event& event);
  void receive_finished(Track& track, const Finished& finished);
  void check_answer(const Track& track, const Finished& finished);
  void check_end();
  void check_totals();
  int64_t steps_bound() const;
  void note(Occurrence occurrence) { report_.occurrences.set(static_cast<size_t>(occurrence)); }
  void fail(std::string what);
  Phase phase_of(SequenceId id) const;
  Track& track_of(SequenceId id) { return tracks_[id.value - 1]; }

  const World& world_;
  const Tokenizer& tokenizer_;
  const Trace trace_;
  ManualClock clock_;
  FakeExecutor executor_;
  Engine engine_;
  OrderWatch order_watch_;
  FairnessWatch fairness_watch_;
  WaitingWatch waiting_watch_;
  MemoryWatch memory_watch_;
  std::vector<Track> tracks_;  // by id - 1
  EngineTotals told_;          // what the Finished events said, as far as they say it
  int64_t answered_ = 0;       // requests that got a token
  int64_t answered_more_ = 0;  // ... and a second one
  int32_t step_ = 0;
  int32_t parallel_ = 0;  // of the step before
  // What the executor was issued last; and whether the next batch was planned while that was computed.
  struct IssuedSlice {
    SequenceId sequence;
    int32_t begin = 0;
    bool samples = false;
    int32_t drafted = 0;
  };
  std::vector<IssuedSlice> issued_;
  bool is_ahead_ = false;
  SchedulerCounts before_;  // the step
  int64_t plans_seen_ = 0;
  SimulationReport report_;
};

}  // namespace quire::sim
