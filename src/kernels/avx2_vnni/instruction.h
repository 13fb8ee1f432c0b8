// vpdpbusd of 256 bits as AVX-VNNI has it (VEX), on sixteen lanes.
// For leaf files that are compiled for AVX-VNNI: everything has internal linkage.
#pragma once

#include "kernels/avx2/lanes.h"

namespace quire::avx2_vnni {
namespace {

struct Instruction {
  static QUIRE_LEAF_INLINE Words add_products(Words sums, Words weights, Words quants) {
    return {_mm256_dpbusd_avx_epi32(sums.low, weights.low, quants.low),
            _mm256_dpbusd_avx_epi32(sums.high, weights.high, quants.high)};
  }
};

}  // namespace
}  // namespace quire::avx2_vnni
