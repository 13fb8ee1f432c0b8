#include "kernels/avx2/lanes.h"
#include "kernels/isa_functions.h"
#include "kernels/lanes/matmul_float_body.h"

namespace quire::avx2 {

void matmul_float(const MatmulArgs& args) { matmul_float_types(args); }

}  // namespace quire::avx2
