#include "kernels/avx512/lanes.h"
#include "kernels/isa_functions.h"
#include "kernels/lanes/dot_pairs.h"
#include "kernels/lanes/dot_signed.h"
#include "kernels/lanes/matmul_quantized_body.h"

namespace quire::avx512 {

void matmul(const MatmulArgs& args) {
  if (reads_quantized_activations(args.weights.type)) {
    matmul_quantized<DotPairs, DotSigned>(args);
  } else {
    matmul_float(args);
  }
}

}  // namespace quire::avx512
