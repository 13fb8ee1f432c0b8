#include "kernels/avx512/lanes.h"
#include "kernels/isa_functions.h"
#include "kernels/lanes/dot_bytes.h"
#include "kernels/lanes/matmul_quantized_body.h"

namespace quire::avx512_vnni {
namespace {

struct Instruction {
  static QUIRE_LEAF_INLINE Words add_products(Words sums, Words weights, Words quants) {
    return _mm512_dpbusd_epi32(sums, weights, quants);
  }
};

// Ten sums in flight: what two multipliers with a latency of 5 can have.
using Dot = DotBytes<Instruction, 5, 2>;

}  // namespace

void matmul(const MatmulArgs& args) {
  if (reads_quantized_activations(args.weights.type)) {
    matmul_quantized<Dot>(args);
  } else {
    avx512::matmul_float(args);
  }
}

}  // namespace quire::avx512_vnni
