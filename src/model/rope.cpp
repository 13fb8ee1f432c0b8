#include "model/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"
#include "base/fixed_math.h"
#include "model/sincos.h"

namespace quire {
namespace {

// How far pair d is from one that keeps its frequency (0) towards one whose frequency is divided (1).
class YarnRamp {
 public:
  explicit YarnRamp(const RopeConfig& config) {
    const auto pair_of = [&](double turns) {  // the pair that turns so often over the original context
      const double rotary = static_cast<double>(config.rotary);
      return rotary * fixed_log(config.original_context / (turns * 2.0 * std::numbers::pi)) /
             (2.0 * fixed_log(config.base));
    };
    low_ = pair_of(config.fast);
    high_ = pair_of(config.slow);
    if (config.whole_pairs) {
      low_ = std::floor(low_);
      high_ = std::ceil(high_);
    }
    low_ = std::max(low_, 0.0);
    high_ = std::min(high_, static_cast<double>(config.rotary - 1));
    if (low_ == high_) high_ += 0.001;
  }
  double at(int64_t d) const { return std::clamp((static_cast<double>(d) - low_) / (high_ - low_), 0.0, 1.0); }

 private:
  double low_, high_;
};

}  // namespace

Rope::Rope(const RopeConfig& config, std::span<const float> factors) : magnitude_(config.magnitude) {
  const int64_t pairs = config.rotary / 2;
  QUIRE_CHECK(config.rotary > 0 && config.rotary % 2 == 0, "elements turn in pairs");
  QUIRE_CHECK(factors.empty() || static_cast<int64_t>(factors.size()) == pairs, "a factor for each pair");
  const double log_base = fixed_log(config.base);
  for (int64_t d = 0; d < pairs; ++d) {
    const double exponent = -2.0 * static_cast<double>(d) / static_cast<double>(config.rotary);
    const double factor = factors.empty() ? 1.0 : static_cast<double>(factors[static_cast<size_t>(d)]);
    const double full = fixed_exp(exponent * log_base) / factor;
    const double scaled = full / config.position_scale;
    if (config.yarn) {
      const double ramp = YarnRamp(config).at(d);
      frequencies_.push_back(scaled * ramp + full * (1.0 - ramp));
    } else {
      frequencies_.push_back(fixed_exp(exponent * log_base) / (config.position_scale * factor));
    }
  }
}

void Rope::turn(int64_t position, float* cosines, float* sines) const {
  for (const double frequency : frequencies_) {
    const SinCos turn = fixed_sincos(static_cast<double>(position) * frequency);
    *cosines++ = static_cast<float>(turn.cosine * magnitude_);
    *sines++ = static_cast<float>(turn.sine * magnitude_);
  }
}

}  // namespace quire
