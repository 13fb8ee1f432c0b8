// A matrix as kernels see it.
#pragma once

#include "backend/backend.h"
#include "backend/cpu/host_device.h"
#include "kernels/kernels.h"

namespace quire {

// One of a stack.
inline PackedMatrix packed(const Matrix& stack, int64_t index = 0) {
  const auto matrix_bytes = static_cast<int64_t>(packed_size_bytes(stack.type, stack.outputs, stack.inputs));
  return {.type = stack.type,
          .outputs = stack.outputs,
          .inputs = stack.inputs,
          .bytes = host_bytes(stack.bytes + index * matrix_bytes)};
}

}  // namespace quire
