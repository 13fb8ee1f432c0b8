// Step time against contexts, from few measurements: which number to measure next, and which is enough.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace quire::cli {

// What was measured, by contexts. A pure value: the clock and the engine are somebody else's.
//
// The rule: a number pays when it gives at least 98 % of the throughput of the best number measured; the smallest
// that pays is recommended. So a later sweep still finds at least 95 % of its best there, where noise is a per cent.
class TuneCurve {
 public:
  static constexpr double share = 0.98;

  // One visit: the time of a step of so many contexts. Of several visits the quickest eighth counts.
  void add(int32_t contexts, int64_t step_ns) { visits_[contexts].push_back(step_ns); }

  bool empty() const { return visits_.empty(); }
  std::vector<int32_t> contexts() const;    // ascending
  int64_t step_ns(int32_t contexts) const;  // REQUIRES: it was measured
  double tokens_per_s(int32_t contexts) const;
  size_t visit_count(int32_t contexts) const;

  // How far visits of a number lie apart, as a share of step_ns: the middle one of all numbers that were visited
  // again. Large where something else runs on the machine.
  double spread() const;

  int32_t best() const;  // REQUIRES: !empty()
  int32_t pays() const;  // REQUIRES: !empty()
  // Those whose quickest visit gave at least that share of the best's throughput: one of them may be the best after
  // all. Ascending. REQUIRES: !empty()
  std::vector<int32_t> close(double share_of_best) const;

  // The next power of two, or the bound, while more contexts may still help: the last two doublings brought something,
  // or less is known. None: the rise is over, or the bound was measured.
  std::optional<int32_t> next_doubling(int32_t contexts_max) const;
  // A number between the recommended one and the largest smaller one, which does not pay: halfway, until they are
  // neighbours or an eighth apart.
  std::optional<int32_t> next_between() const;

 private:
  std::map<int32_t, std::vector<int64_t>> visits_;
};

}  // namespace quire::cli
