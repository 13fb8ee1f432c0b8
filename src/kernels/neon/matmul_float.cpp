#include "kernels/neon/lanes.h"
// Bodies are written in its words.
#include "kernels/isa_functions.h"
#include "kernels/lanes/matmul_float_body.h"

namespace quire::neon {

void matmul_float(const MatmulArgs& args) { matmul_float_types(args); }

}  // namespace quire::neon
