// What the host does for a device, whichever that is: it packs weights and reads rows of tokens, its workers side by
// side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/team.h"
#include "tensor/tensor_view.h"

namespace quire {

// Tiles a worker: enough that one which starts late or runs slowly costs little, few enough that taking a tile is
// nothing beside computing it.
inline constexpr int64_t tiles_per_worker = 8;

// body(begin, end) over tiles of rows; by the caller alone when the rows are too small to be worth a fork.
void for_rows(Team& team, int64_t count, int64_t width, FunctionRef<void(int64_t begin, int64_t end)> body);

// Panels of a stack that were made together.
struct PackedPiece {
  uint64_t offset = 0;  // in the packed stack
  uint64_t size_bytes = 0;
  uint64_t stored_bytes = 0;  // that it was made of
};

// Of each matrix of a stack the rows [begin, end), packed one matrix after another, in pieces of some megabytes:
// room(piece) says where one goes, done(piece) that it is there. REQUIRES: shape {inputs, outputs, count, 1}.
Result<void> pack_stack(Team& team, const TensorView& tensor, int64_t begin, int64_t end,
                        FunctionRef<std::byte*(const PackedPiece& piece)> room,
                        FunctionRef<void(const PackedPiece& piece)> done);

// x[r] = row tokens[r] of the table as floats, as Backend::embed has it. stored: room for each row as its file has it.
Result<void> read_token_rows(Team& team, const TensorView& table, std::span<const int32_t> tokens, std::byte* stored,
                             float* x);

}  // namespace quire
