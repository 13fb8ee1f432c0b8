#include "kernels/neon/lanes.h"
// Bodies are written in its words.
#include "kernels/isa_functions.h"
#include "kernels/lanes/matmul_quantized_body.h"
#include "kernels/neon/dot.h"

namespace quire::neon_i8mm {
namespace {

// usdot: unsigned weights times signed activations.
struct MixedProduct {
  static constexpr int64_t unsigned_bits = 8;

  template <int lane>
  static QUIRE_LEAF_INLINE int32x4_t add(int32x4_t sum, int32x4_t quad, int8x16_t quants) {
    return vusdotq_laneq_s32(sum, as_u8(quad), quants, lane);
  }
};

}  // namespace

void matmul(const MatmulArgs& args) {
  if (reads_quantized_activations(args.weights.type)) {
    matmul_quantized<DotElements<MixedProduct>>(args);
  } else {
    neon::matmul_float(args);
  }
}

}  // namespace quire::neon_i8mm
