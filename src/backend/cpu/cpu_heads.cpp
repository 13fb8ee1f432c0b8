// Matrices of which each head has its own.
#include <algorithm>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/packed_matrix.h"
#include "base/bytes.h"
#include "base/check.h"
#include "kernels/quantized_rows.h"

namespace quire {
namespace {

// The part of head 0 of the first row; the next row's is rows.width behind it.
float* first_part(const HeadParts& parts) { return host_floats(parts.rows.values) + parts.first; }

}  // namespace

Activations CpuBackend::rows_of_head(int64_t head, int64_t rows, int64_t inputs) const {
  const int64_t before = head * rows;
  return {.rows = rows,
          .inputs = inputs,
          .values = scratch_->head_rows + before * inputs,
          .rounded = scratch_->rounded + before * round_up<int64_t>(inputs, 2),
          .quantized = scratch_->quantized + before * (inputs / quant_group) * quantized_group_bytes,
          .tile_rows = kernels_.tile_rows};
}

void CpuBackend::form_heads(const HeadParts& x, RowForm form) {
  const int64_t rows = x.rows.count, inputs = x.size;
  const int64_t row_bytes = inputs / quant_group * quantized_group_bytes;
  const auto form_head = [&](int64_t head) {
    float* const own = scratch_->head_rows + head * rows * inputs;
    const float* const from = first_part(x) + head * x.stride;
    for (int64_t r = 0; r < rows; ++r) std::copy_n(from + r * x.rows.width, inputs, own + r * inputs);
    if (form == RowForm::rounded) {
      kernels_.round_activations(own, rows, inputs, scratch_->rounded + head * rows * round_up<int64_t>(inputs, 2));
    }
    if (form != RowForm::quantized) return;
    for (int64_t i = 0; i < row_tile_count(rows, kernels_.tile_rows); ++i) {
      const RowTile tile = row_tile(rows, kernels_.tile_rows, i);
      kernels_.quantize_activations({.x = own + tile.begin * inputs,
                                     .rows = tile.height(),
                                     .inputs = inputs,
                                     .tile = scratch_->quantized + (head * rows + tile.begin) * row_bytes});
    }
  };
  for_rows(x.heads(), rows * inputs, [&](int64_t begin, int64_t end) {
    for (int64_t head = begin; head < end; ++head) form_head(head);
  });
}

void CpuBackend::matmul_heads(const HeadParts& x, const Matrix& stack, const HeadParts& y) {
  QUIRE_CHECK(x.heads() == stack.count && y.heads() == stack.count && x.rows.count == y.rows.count &&
                  x.size == stack.inputs && y.size == stack.outputs,
              "shapes fit");
  form_heads(x, form_of(stack.type));
  const int64_t panels = ceil_div(stack.outputs, panel_outputs);
  const bool alone = x.rows.count * stack.inputs * stack.outputs * stack.count < fork_products_min;
  // Whole pairs of panels, which kernels take together.
  const int64_t share = stack.count * panels / (team_.worker_count() * tiles_per_worker);
  const int64_t tile = alone ? panels : std::clamp<int64_t>(share > 1 ? share / 2 * 2 : share, 1, panels);
  const int64_t tiles = ceil_div(panels, tile);
  const auto compute_tile = [&](int64_t index, int) {
    const int64_t head = index / tiles, begin = index % tiles * tile;
    kernels_.matmul({.weights = packed(stack, head),
                     .x = rows_of_head(head, x.rows.count, x.size),
                     .y = first_part(y) + head * y.stride,
                     .y_stride = y.rows.width,
                     .panel_begin = begin,
                     .panel_end = std::min(panels, begin + tile)});
  };
  if (alone) {
    for (int64_t index = 0; index < stack.count * tiles; ++index) compute_tile(index, 0);
  } else {
    team_.parallel_for(stack.count * tiles, compute_tile);
  }
}

void CpuBackend::copy_heads(const HeadParts& x, const HeadParts& y) {
  QUIRE_CHECK(x.heads() == y.heads() && x.rows.count == y.rows.count && x.size == y.size, "shapes fit");
  for_rows(x.rows.count, x.heads() * x.size, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t head = 0; head < x.heads(); ++head) {
        std::copy_n(first_part(x) + r * x.rows.width + head * x.stride, x.size,
                    first_part(y) + r * y.rows.width + head * y.stride);
      }
    }
  });
}

}  // namespace quire
