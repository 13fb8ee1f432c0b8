// A row of logits in segments: what one pass over it tells, so that most of it need not be looked at again.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "core/batch.h"
#include "core/ids.h"

namespace quire {

// Tokens that cannot be chosen have minus infinity, which is below this.
inline constexpr float lowest_logit = std::numeric_limits<float>::lowest();

// What Logits::likeliest says, by row, of logits (rows, vocab) that were all computed: for executors that are not
// models.
void fill_likeliest(const Batch& batch, std::span<const float> logits, int32_t vocab, std::vector<TokenId>& likeliest);

// Borrows the row that it was given last; keeps scratch memory and no other state. One thread.
class LogitRow {
 public:
  // Sums of weights here and sums of exact ones in any order differ by less than this share of the row's sum: a chain
  // of at most tokens_max additions loses 2^22 * 2^-53 = 4.7e-10, and a weight 1e-11.
  static constexpr double sum_tolerance = 1e-9;
  static constexpr size_t tokens_max = size_t{1} << 22;

  // Reads every logit once.
  void set(std::span<const float> logits);

  // No logit is NaN or plus infinity, and one is above minus infinity.
  bool drawable() const { return numbers_ && best_ >= lowest_logit; }
  float best() const { return best_; }
  // The lowest id among the largest logits. REQUIRES: drawable().
  TokenId first_best() const;
  // A logit that at least `count` tokens reach, and hardly more when the best are spread over the row; minus infinity
  // when the row has too few segments to tell. REQUIRES: drawable().
  float reached_by(size_t count);
  // visit(token, logit) for each logit of at least `floor`, tokens ascending.
  template <typename Visit>
  void at_least(float floor, Visit visit) const;

  // The sum of exp((logit - best) / temperature), to a relative error of sum_tolerance at most. The same bits on every
  // machine. REQUIRES: drawable(), temperature > 0.
  double weigh(double temperature);
  // The first token at which the running sum of the weights exceeds `share` of all, when that is certain whatever the
  // rounding of sum and weights (within sum_tolerance). REQUIRES: weigh(temperature) came before.
  std::optional<TokenId> token_at(double share, double temperature) const;

 private:
  // Tokens of a segment: between many maxima to look through and many logits to look through behind one.
  static constexpr size_t segment = 128;

  size_t segment_count() const { return maxima_.size(); }
  std::span<const float> segment_at(size_t index) const;

  std::span<const float> logits_;
  std::vector<float> maxima_;  // of each segment
  float best_ = 0.0F;
  bool numbers_ = false;
  std::vector<double> sums_;    // of each segment's weights, since weigh()
  std::vector<float> ordered_;  // scratch of reached_by()
};

template <typename Visit>
void LogitRow::at_least(float floor, Visit visit) const {
  for (size_t index = 0; index < segment_count(); ++index) {
    if (!(maxima_[index] >= floor)) continue;
    auto token = static_cast<TokenId>(index * segment);
    for (const float logit : segment_at(index)) {
      if (logit >= floor) visit(token, logit);
      ++token;
    }
  }
}

}  // namespace quire
