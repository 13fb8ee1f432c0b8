// Promises about order, fairness and waiting, checked from outside: by what an observer of the steps can count, not by
// what the scheduler says of itself.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/event.h"
#include "core/ids.h"
#include "sched/sequence.h"
#include "sim/world.h"

namespace quire::sim {

// One sequence in one step, after the plan.
struct Seen {
  const WorldRequest* world = nullptr;
  const Sequence* sequence = nullptr;             // never null
  SequenceState before = SequenceState::waiting;  // the step
  int64_t said = 0;                               // tokens of its answer that events have brought
};

// A running one is parked only for reasons that can be seen, and in order; candidates start in order. Worlds without
// ageing only.
class OrderWatch {
 public:
  // In order of id; those that have not ended. `pauses`: how often the scheduler has paused anyone so far.
  std::optional<std::string> step(const std::vector<Seen>& all, int64_t pauses);

 private:
  std::map<SequenceId, int64_t> start_step_;  // when it last began to run
  std::map<SequenceId, int32_t> preemptions_;
  int64_t steps_ = 0;
  int64_t pauses_ = 0;
};

// Two clients that both have waiting requests in a band are served alike: over any stretch of steps their services, by
// weight, differ by at most 2U (U: twice the tokens of the pool over the smallest weight). Worlds without ageing only.
class FairnessWatch {
 public:
  explicit FairnessWatch(const World& world);
  // After a plan, and after its commit.
  std::optional<std::string> step(const std::vector<Seen>& all);
  // A sequence that ended by itself was served all that it asked for.
  void finished(const WorldRequest& world, const Finished& finished);
  // The widest difference seen, in tokens of weight one.
  double widest() const { return widest_; }
  double bound() const { return 4.0 * bound_tokens_ / weight_min_; }

 private:
  using Party = std::pair<std::string, uint8_t>;  // a client in a band
  struct Range {
    double least = 0, most = 0, begin = 0;
  };

  void serve(const WorldRequest& world, int64_t cost_so_far);

  double bound_tokens_;
  int32_t weight_min_ = 1 << 30;
  std::map<SequenceId, int64_t> costs_;  // of each sequence so far, in prompt tokens
  std::map<Party, double> served_;
  std::map<std::pair<Party, Party>, Range> together_;  // pairs that wait, since they both do
  double widest_ = 0;
};

// Nobody waits for longer than ageing allows: once overdue it is preceded only by what was there already.
class WaitingWatch {
 public:
  explicit WaitingWatch(const World& world) : world_(world) {}
  std::optional<std::string> step(const std::vector<Seen>& all);

 private:
  const World& world_;
  std::map<SequenceId, int64_t> waited_;
  std::map<SequenceId, int64_t> latest_;  // the step by which an overdue one starts
  int64_t steps_ = 0;
};

}  // namespace quire::sim
