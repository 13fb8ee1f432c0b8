#include "model/rope.h"

#include "base/check.h"
#include "base/fixed_math.h"
#include "model/sincos.h"

namespace quire {

Rope::Rope(int64_t rotary, double base, double position_scale, std::span<const float> factors) {
  const int64_t pairs = rotary / 2;
  QUIRE_CHECK(rotary > 0 && rotary % 2 == 0, "elements turn in pairs");
  QUIRE_CHECK(factors.empty() || static_cast<int64_t>(factors.size()) == pairs, "a factor for each pair");
  const double log_base = fixed_log(base);
  for (int64_t d = 0; d < pairs; ++d) {
    const double exponent = -2.0 * static_cast<double>(d) / static_cast<double>(rotary);
    const double factor = factors.empty() ? 1.0 : static_cast<double>(factors[static_cast<size_t>(d)]);
    frequencies_.push_back(fixed_exp(exponent * log_base) / (position_scale * factor));
  }
}

void Rope::turn(int64_t position, float* cosines, float* sines) const {
  for (const double frequency : frequencies_) {
    const SinCos turn = fixed_sincos(static_cast<double>(position) * frequency);
    *cosines++ = static_cast<float>(turn.cosine);
    *sines++ = static_cast<float>(turn.sine);
  }
}

}  // namespace quire
