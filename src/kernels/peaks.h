// Loops that only multiply and add, in registers: the rate that a matmul of the same instructions cannot exceed.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace quire {

inline constexpr int64_t peak_rounds_max = 8192;  // of one call: int16 sums grow by 2 a round, and stay below 2^15

// One instruction (or, without VNNI, the pair vpmaddubsw and vpaddw) of a kernel table, in enough independent chains to
// hide its latency. Pure; any thread.
struct PeakLoop {
  std::string_view table;
  std::string_view operands;  // "f32", "int8" or "bf16"
  // Multiplies ones by ones and returns the sum of the products, which is how many there were.
  // REQUIRES: rounds <= peak_rounds_max.
  int64_t (*multiply_add)(int64_t rounds);
};

// Those that this machine can run, worst table first. A table that has none of its own for some operands multiplies
// them as the one before it.
std::vector<PeakLoop> supported_peak_loops();

}  // namespace quire
