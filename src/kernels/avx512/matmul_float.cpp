#include "kernels/avx512/lanes.h"
#include "kernels/isa_functions.h"
#include "kernels/lanes/matmul_float_body.h"

namespace quire::avx512 {

void matmul_float(const MatmulArgs& args) { matmul_float_types(args); }

}  // namespace quire::avx512
