#include "kernels/avx2_vnni/instruction.h"
#include "kernels/isa_functions.h"
#include "kernels/lanes/dot_bytes.h"
#include "kernels/lanes/matmul_quantized_body.h"

namespace quire::avx2_vnni {
namespace {

// Eight registers of sums in flight, which is what two multipliers with a latency of 4 need: the rows' results wait on
// the stack meanwhile. Three rows need no stack, and are slower.
using Dot = DotBytes<Instruction, 4, 1>;

}  // namespace

void matmul(const MatmulArgs& args) {
  if (reads_quantized_activations(args.weights.type)) {
    matmul_quantized<Dot>(args);
  } else {
    avx2::matmul_float(args);
  }
}

}  // namespace quire::avx2_vnni
