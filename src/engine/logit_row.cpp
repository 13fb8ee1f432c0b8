// The loops over a segment are written for the vectorizer, which is on for this file and changes no bit of them.
#include "engine/logit_row.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/fixed_math.h"

namespace quire {
namespace {

constexpr float never = -std::numeric_limits<float>::infinity();

// combine(i, i + half) for i < half, then for half of that, down to combine(0, 1).
template <size_t half, typename Combine>
void fold(Combine combine) {
  for (size_t i = 0; i < half; ++i) combine(i, i + half);
  if constexpr (half > 1) fold<half / 2>(combine);
}

// A whole segment: the row's own, or a copy of its last one that minus infinity fills up.
template <size_t segment>
class WholeSegment {
 public:
  explicit WholeSegment(std::span<const float> part) {
    if (part.size() == segment) {
      logits_ = part.data();
    } else {
      std::fill(std::copy(part.begin(), part.end(), copy_), copy_ + segment, never);
      logits_ = copy_;
    }
  }
  WholeSegment(const WholeSegment&) = delete;
  WholeSegment& operator=(const WholeSegment&) = delete;
  const float* logits() const { return logits_; }

 private:
  float copy_[segment];
  const float* logits_;
};

struct SegmentFacts {
  float best;    // without meaning where `numbers` is false
  bool numbers;  // no NaN, no plus infinity
};

template <size_t segment>
SegmentFacts look_at(const float* logits) {
  float best[segment / 2];
  // Minus infinity plus a logit is minus infinity, unless that is NaN or plus infinity: then it is NaN, and stays so.
  float poison[segment / 2];
  for (size_t i = 0; i < segment / 2; ++i) {
    const float a = logits[i];
    const float b = logits[i + segment / 2];
    best[i] = a > b ? a : b;
    poison[i] = (a + never) + b;
  }
  fold<segment / 4>([&](size_t i, size_t j) {
    best[i] = best[i] > best[j] ? best[i] : best[j];
    poison[i] += poison[j];
  });
  return {.best = best[0], .numbers = poison[0] == never};
}

// weights[i] = exp((logits[i] - best) / temperature); e^-700, which no sum notices, where that is less.
template <size_t segment>
void weigh_segment(const float* logits, double best, double temperature, double (&weights)[segment]) {
  const double scale = 1.0 / temperature;
  for (size_t i = 0; i < segment; ++i) {
    const double x = (static_cast<double>(logits[i]) - best) * scale;
    weights[i] = x > -700.0 ? x : -700.0;
  }
  for (size_t i = 0; i < segment; ++i) weights[i] = fixed_exp_coarse(weights[i]);
}

}  // namespace

void fill_likeliest(const Batch& batch, std::span<const float> logits, int32_t vocab, std::vector<TokenId>& likeliest) {
  likeliest.assign(static_cast<size_t>(batch.logits_rows), no_likeliest);
  LogitRow row;
  for (const BatchSlice& slice : batch.slices) {
    if (slice.logits_row < 0 || !slice.likeliest) continue;
    for (int32_t index = slice.logits_row; index < slice.logits_row + slice.logits_rows; ++index) {
      row.set(Logits{.values = logits, .vocab = vocab}.row(index));
      if (row.drawable()) likeliest[static_cast<size_t>(index)] = row.first_best();
    }
  }
}

std::span<const float> LogitRow::segment_at(size_t index) const {
  const size_t begin = index * segment;
  return logits_.subspan(begin, std::min(segment, logits_.size() - begin));
}

void LogitRow::set(std::span<const float> logits) {
  logits_ = logits;
  maxima_.resize((logits.size() + segment - 1) / segment);
  numbers_ = true;
  best_ = never;
  for (size_t index = 0; index < segment_count(); ++index) {
    const SegmentFacts facts = look_at<segment>(WholeSegment<segment>(segment_at(index)).logits());
    maxima_[index] = facts.best;
    numbers_ = numbers_ && facts.numbers;
    best_ = std::max(best_, facts.best);
  }
}

TokenId LogitRow::first_best() const {
  const auto index = static_cast<size_t>(std::ranges::find(maxima_, best_) - maxima_.begin());
  const std::span<const float> logits = segment_at(index);
  return static_cast<TokenId>(index * segment) +
         static_cast<TokenId>(std::ranges::find(logits, best_) - logits.begin());
}

float LogitRow::reached_by(size_t count) {
  if (count == 0 || count > segment_count()) return never;
  // Each of the `count` segments with the largest maxima holds one such token.
  ordered_ = maxima_;
  const auto last = ordered_.begin() + static_cast<std::ptrdiff_t>(count - 1);
  std::nth_element(ordered_.begin(), last, ordered_.end(), std::greater());
  return *last;
}

double LogitRow::weigh(double temperature) {
  sums_.resize(segment_count());
  double weights[segment];
  for (size_t index = 0; index < segment_count(); ++index) {
    weigh_segment(WholeSegment<segment>(segment_at(index)).logits(), best_, temperature, weights);
    fold<segment / 2>([&](size_t i, size_t j) { weights[i] += weights[j]; });
    sums_[index] = weights[0];
  }
  return std::accumulate(sums_.begin(), sums_.end(), 0.0);
}

std::optional<TokenId> LogitRow::token_at(double share, double temperature) const {
  if (logits_.size() > tokens_max) return std::nullopt;
  const double total = std::accumulate(sums_.begin(), sums_.end(), 0.0);
  const double target = share * total;
  const double margin = sum_tolerance * total;
  double sum = 0.0;
  size_t index = 0;
  while (index + 1 < segment_count() && sum + sums_[index] <= target) sum += sums_[index++];
  double weights[segment];
  weigh_segment(WholeSegment<segment>(segment_at(index)).logits(), best_, temperature, weights);
  for (size_t i = 0; i < segment; ++i) {
    const double next = sum + weights[i];
    if (next > target) {
      const bool certain = sum + margin < target && next - margin > target;
      return certain ? std::optional(static_cast<TokenId>(index * segment + i)) : std::nullopt;
    }
    sum = next;
  }
  return std::nullopt;
}

}  // namespace quire
