#include "engine/mirostat.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/fixed_math.h"

namespace quire {
namespace {

using fixed_math::log2_e;

// The exponent of Zipf's law that fits the best tokens' probabilities: the least squares of their ratios, as the
// paper has it (its equation 30).
double zipf_exponent(std::span<const double> logits) {
  double ratios = 0.0;
  double squares = 0.0;
  for (size_t index = 0; index + 1 < logits.size(); ++index) {
    const double rank = static_cast<double>(index + 1);
    const double step = fixed_log((rank + 1.0) / rank);
    ratios += step * (logits[index] - logits[index + 1]);
    squares += step * step;
  }
  return squares > 0.0 ? ratios / squares : 0.0;
}

// How many of the best tokens have a surprise of `mu` bits at most under that law.
size_t tokens_within(double mu, double exponent, size_t vocab) {
  const double excess = exponent - 1.0;
  const double log_vocab = fixed_log(static_cast<double>(vocab));
  // excess / (1 - vocab^-excess), which is 1 / log(vocab) where excess is 0.
  const double norm = std::abs(excess) < 1e-9 ? 1.0 / log_vocab : excess / (1.0 - fixed_exp(-excess * log_vocab));
  const double count = fixed_exp((fixed_log(norm) + mu / log2_e) / exponent);
  if (!(count >= 1.0)) return 1;  // also where it is no number
  return count < static_cast<double>(vocab) ? static_cast<size_t>(count) : vocab;
}

}  // namespace

double mirostat_begin(const MirostatParams& params) { return 2.0 * params.tau; }

void mirostat_cut(Candidates& candidates, const MirostatParams& params, double mu) {
  constexpr size_t best_tokens = 100;
  if (params.version == 1) {
    const double exponent = zipf_exponent(candidates.best_logits(best_tokens));
    candidates.keep_best(tokens_within(mu, exponent, candidates.vocab_size()));
  } else {
    candidates.keep_unsurprising(mu);
  }
}

double mirostat_next(const MirostatParams& params, double mu, double probability) {
  const double surprise = -fixed_log(probability) * log2_e;
  return mu - params.eta * (surprise - params.tau);
}

}  // namespace quire
