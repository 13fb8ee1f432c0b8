#include "cli/tune/tune_search.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace quire::cli {
namespace {

constexpr int32_t rounds_min = 3;  // visits of each number
constexpr int32_t rounds_max = 9;  // where they are short: more against chance
constexpr int64_t visit_ns_min = 50'000'000, visit_ns_max = 600'000'000;
constexpr int64_t visits_wanted = 150;  // in all
constexpr double rounds_share = 0.1;    // of the time, after which there are no more than rounds_min
constexpr double doubling_share = 0.4;  // of the time, for the first look at all numbers
constexpr double settling_share = 0.9;  // of the time, until which numbers are visited again
constexpr size_t settled_visits = 30;   // of a number: more say nothing new
// What share of the best the quickest visit must have reached for another one. All visits of a number may have been
// disturbed, so that it looks worse than it is by as much as a core is worth: each other turn takes that into account.
constexpr double close_share = 0.9, perhaps_close_share = 0.5;

using Visit = FunctionRef<Result<int64_t>(int32_t contexts, int64_t visit_ns)>;

class Search {
 public:
  Search(Visit visit, const TuneBounds& bounds, const Clock& clock)
      : measure_(visit),
        bounds_(bounds),
        clock_(clock),
        begin_ns_(clock.now_ns()),
        visit_ns_(std::clamp(bounds.time_ns / visits_wanted, visit_ns_min, visit_ns_max)) {}

  Result<TuneFound> run() {
    QUIRE_TRY_VOID(double_up());
    int32_t rounds = 1;
    for (; rounds < rounds_min || (rounds < rounds_max && elapsed_ns() < share_ns(rounds_share)); ++rounds) {
      QUIRE_TRY_VOID(round(curve().contexts(), rounds % 2 == 1));
    }
    QUIRE_TRY_VOID(double_up());  // what looked like a fall may have been chance
    do {
      QUIRE_TRY_VOID(refine(rounds));
      QUIRE_TRY_VOID(settle());
    } while (curve().next_between() && has_time(settling_share, *curve().next_between()));
    found_.seconds = static_cast<double>(elapsed_ns()) / 1e9;
    return std::move(found_);
  }

 private:
  Result<void> double_up() {
    while (const auto next = curve().next_doubling(bounds_.contexts_max)) {
      if (!curve().empty() && !has_time(doubling_share, *next)) {
        found_.cut_short = true;
        break;
      }
      QUIRE_TRY_VOID(visit(*next));
    }
    return {};
  }
  Result<void> refine(int32_t rounds) {
    while (const auto next = curve().next_between()) {
      if (!has_time(1.0, *next)) {
        found_.cut_short = true;
        break;
      }
      QUIRE_TRY_VOID(visit(*next));
      for (int32_t again = 1; again < rounds; ++again) {
        QUIRE_TRY_VOID(round({*next, curve().best()}, again % 2 == 1));
      }
    }
    return {};
  }
  // A plateau is flat, and chance would choose among its numbers: they are visited again while there is time.
  Result<void> settle() {
    bool visited = true;
    for (int32_t turn = 0; visited; ++turn) {
      visited = false;
      std::vector<int32_t> close = curve().close(turn % 2 == 0 ? perhaps_close_share : close_share);
      if (turn / 2 % 2 == 0) std::ranges::reverse(close);
      for (const int32_t contexts : close) {
        if (curve().visit_count(contexts) >= settled_visits || !has_time(settling_share, contexts)) continue;
        QUIRE_TRY_VOID(visit(contexts));
        visited = true;
      }
    }
    return {};
  }
  // Neighbours in time are of different numbers: what the machine does beside this falls on all of them.
  Result<void> round(std::vector<int32_t> all, bool downwards) {
    if (downwards) std::ranges::reverse(all);
    for (const int32_t contexts : all) {
      if (!has_time(1.0, contexts)) {
        found_.cut_short = true;
        continue;
      }
      QUIRE_TRY_VOID(visit(contexts));
    }
    return {};
  }
  TuneCurve& curve() { return found_.curve; }
  int64_t elapsed_ns() const { return clock_.now_ns() - begin_ns_; }
  int64_t share_ns(double share) const { return static_cast<int64_t>(share * static_cast<double>(bounds_.time_ns)); }
  // A visit of so many would end within this share of the time, by the step of the largest number so far.
  bool has_time(double share, int32_t contexts) {
    int64_t step_ns = 0;
    for (const int32_t known : curve().contexts()) {
      if (known <= contexts) step_ns = curve().step_ns(known);
    }
    const int64_t visit = std::max<int64_t>(visit_ns_, 8 * step_ns);
    return elapsed_ns() + visit < share_ns(share);
  }
  Result<void> visit(int32_t contexts) {
    QUIRE_TRY(const int64_t step_ns, measure_(contexts, visit_ns_));
    curve().add(contexts, step_ns);
    return {};
  }

  const Visit measure_;
  const TuneBounds bounds_;
  const Clock& clock_;
  const int64_t begin_ns_;
  const int64_t visit_ns_;
  TuneFound found_;
};

}  // namespace

Result<TuneFound> search_contexts(Visit visit, const TuneBounds& bounds, const Clock& clock) {
  return Search(visit, bounds, clock).run();
}

}  // namespace quire::cli
