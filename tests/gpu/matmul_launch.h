// Matmuls by the type of their weights.
#pragma once

#include "gpu/machine.h"
#include "kernels/gpu/matmul.h"

namespace quire::test {

enum class MatmulKind : uint8_t {
  row,    // a row at a time; of float weights as `few`
  few,    // eight rows at a time
  tiles,  // on tensor cores; of float weights as `few`
};

// Rows that one block computes.
int64_t tile_rows(ElementType type, MatmulKind kind);
void launch_matmul(Machine& machine, ElementType type, MatmulKind kind, const gpu::MatmulArgs& args);

}  // namespace quire::test
