// Matmuls by the type of their weights.
#pragma once

#include "gpu/machine.h"
#include "kernels/gpu/matmul.h"

namespace quire::test {

// Of float weights there are `few` and `many`.
enum class MatmulKind : uint8_t {
  row,     // a row a block
  few,     // eight
  stream,  // on tensor cores, a panel a block
  many,    // the same, four panels
};

// Rows that one block computes.
int64_t tile_rows(ElementType type, MatmulKind kind);
void launch_matmul(Machine& machine, ElementType type, MatmulKind kind, const gpu::MatmulArgs& args);

}  // namespace quire::test
