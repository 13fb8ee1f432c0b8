#include "kernels/neon/lanes.h"
// Bodies are written in its words.
#include "kernels/isa_functions.h"
#include "kernels/lanes/matmul_quantized_body.h"
#include "kernels/neon/dot.h"

namespace quire::neon {
namespace {

// sdot: signed bytes, so weights of 8 bits are multiplied around zero. Those of fewer bits are signed as they are.
struct SignedProduct {
  static constexpr int64_t unsigned_bits = 7;

  template <int lane>
  static QUIRE_LEAF_INLINE int32x4_t add(int32x4_t sum, int32x4_t quad, int8x16_t quants) {
    return vdotq_laneq_s32(sum, vreinterpretq_s8_s32(quad), quants, lane);
  }
};

}  // namespace

void matmul(const MatmulArgs& args) {
  if (reads_quantized_activations(args.weights.type)) {
    matmul_quantized<DotElements<SignedProduct>>(args);
  } else {
    matmul_float(args);
  }
}

}  // namespace quire::neon
