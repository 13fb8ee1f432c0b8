// Which kernel multiplies weights of a type with so many rows.
#pragma once

#include <cstdint>

#include "backend/backend.h"
#include "backend/gpu/gpu_queue.h"

namespace quire {

// At most so many rows may be in each of MatmulArgs::tiles, where the matmul is one of `rows` rows.
int64_t tile_rows(const GpuFacts& facts, ElementType type, int64_t rows);

// Whether the GPU has kernels for weights of a type and any number of rows.
bool has_matmul(const GpuFacts& facts, ElementType type);

// Of a matrix, or of all of a stack.
void set_weights(gpu::MatmulArgs& args, const Matrix& weights);

// By the kernel for so many rows (a matrix of a stack).
void launch_matmul(GpuQueue& queue, ElementType type, int64_t rows, const gpu::MatmulArgs& args);

}  // namespace quire
