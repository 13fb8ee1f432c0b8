#include "kernels/avx2_vnni/instruction.h"
#include "kernels/isa_functions.h"
#include "kernels/lanes/peak_body.h"

namespace quire::avx2_vnni {

// Ten registers of sums: two ports times a latency of 4 or 5.
int64_t peak_int8(int64_t rounds) {
  return multiply_add_bytes<5>(
      rounds, [](Words sum, Words factor) { return Instruction::add_products(sum, factor, factor); },
      [](Words sum) { return sum_words(sum); });
}

}  // namespace quire::avx2_vnni
