// Filling a tensor of a file that is being written, row by row and in parallel.
#pragma once

#include <cstdint>
#include <span>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/team.h"
#include "gguf/writer.h"

namespace quire::gguf {

// Appends all rows of `tensor` (the writer's next): row_values(row, worker, values) gives the shape[0] values of a
// row, or says why it cannot; any worker calls it, for rows in any order, and its result may depend on the row alone.
// importance: (shape[3] * shape[2], shape[0]), what the errors of each matrix's inputs count (tensor/quantize.h);
// empty: none. The bytes written do not depend on the number of workers. Other errors name the tensor and row that
// holds what its type cannot: a number that is not finite, or is beyond the range of f16 scales.
Result<void> write_rows(Writer& writer, const TensorSpec& tensor, Team& team,
                        FunctionRef<Result<void>(int64_t row, int worker, float* values)> row_values,
                        FunctionRef<void(uint64_t written_bytes)> on_written, std::span<const float> importance = {});

}  // namespace quire::gguf
