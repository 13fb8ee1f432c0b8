// The layout of rows in int8, as matmuls of quantized weights read them.
// Included by leaf files that are compiled for an instruction set: everything has internal linkage.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"

namespace quire {

// What a group of 32 inputs of a row has beside its quants.
struct GroupTerms {
  float scale;          // max|x| / 127: value[k] = scale * quant[k]
  int32_t minus_first;  // minus the sum of its first 16 quants
  int32_t minus_sum;    // minus the sum of all: what a weight's offset is multiplied by
  float scaled_sum;     // scale * sum of all quants: what a weight's minimum is multiplied by
};
static_assert(quant_group + sizeof(GroupTerms) == quantized_group_bytes, "a byte a quant, and the terms");

// Rows [begin, end) of a form.
struct RowTile {
  int64_t begin;
  int64_t end;
  constexpr int64_t height() const { return end - begin; }
};

static constexpr int64_t row_tile_count(int64_t rows, int64_t tile_rows) { return (rows + tile_rows - 1) / tile_rows; }

// Tile `index` of the rows: heights differ by one row at most. It lies at begin * inputs / 32 * quantized_group_bytes,
// and is, group by group, the quants (height, 32) and then the terms (height).
static constexpr RowTile row_tile(int64_t rows, int64_t tile_rows, int64_t index) {
  const int64_t count = row_tile_count(rows, tile_rows);
  return {rows * index / count, rows * (index + 1) / count};
}

}  // namespace quire
