// Rotary position embedding: how far each pair of a head's elements turns at each position.
// Source: Su et al., RoFormer (2021); frequency factors as in Llama 3.1's GGUF files (tensor rope_freqs.weight); YaRN
// as in Peng et al. (2023).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/config.h"

namespace quire {

// Immutable; any thread. There is no table over positions: a step computes the turns of its own rows, which costs
// about 20 ns a pair, so a long context costs no memory.
class Rope {
 public:
  // factors: the values of config.factors; none: all 1.
  // REQUIRES: rotary even and positive, base and position_scale positive, factors empty or rotary / 2 positive values.
  Rope(const RopeConfig& config, std::span<const float> factors);

  int64_t rotary() const { return static_cast<int64_t>(frequencies_.size()) * 2; }
  // Fills rotary() / 2 cosines and sines for one position, times the magnitude.
  void turn(int64_t position, float* cosines, float* sines) const;

 private:
  std::vector<double> frequencies_;  // (rotary / 2): radians a position
  double magnitude_;
};

}  // namespace quire
