// Projections: inputs in the form that weights read, panels split over the workers.
#include <algorithm>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/packed_matrix.h"
#include "base/bytes.h"
#include "base/check.h"
#include "kernels/quantized_rows.h"

namespace quire {
namespace {

int64_t panel_count(const Projection& projection) { return ceil_div(projection.weights.outputs, panel_outputs); }

// Whole pairs of panels, which kernels take together where there are rows enough; a worker gets several tasks, so that
// one that is held up is helped.
int64_t panels_of_task(int64_t panels, int64_t rows, int64_t tasks) {
  constexpr int64_t rows_for_pairs = 8;
  const int64_t share = panels / tasks;
  if (share > 1) return share / 2 * 2;
  return rows > rows_for_pairs && panels >= tasks / 2 ? 2 : 1;
}

// body(begin, end) for each run of neighbours among the rows [0, count) that are not listed. Bands of a step's plan
// make the runs: they are few.
template <typename Body>
void for_runs_between(std::span<const int32_t> listed, int64_t count, const Body& body) {
  int64_t begin = 0;
  const auto end_run = [&](int64_t end) {
    if (begin < end) body(begin, end);
    begin = end + 1;
  };
  for (const int32_t row : listed) end_run(row);
  end_run(count);
}

}  // namespace

void CpuBackend::quantize(HostRows x, std::span<const int32_t> prompt_rows) {
  for_runs_between(prompt_rows, x.count, [&](int64_t begin, int64_t end) { quantize_rows(x, begin, end); });
  if (!prompt_rows.empty()) round_prompt_rows(x, prompt_rows);
}

Activations CpuBackend::quantized(int64_t inputs, int64_t begin, int64_t end) const {
  return {.rows = end - begin,
          .inputs = inputs,
          .quantized = scratch_->quantized + begin * (inputs / quant_group) * quantized_group_bytes,
          .tile_rows = kernels_.tile_rows};
}

void CpuBackend::quantize_rows(HostRows x, int64_t begin, int64_t end) {
  const Activations form = quantized(x.width, begin, end);
  const int64_t row_bytes = x.width / quant_group * quantized_group_bytes;
  for_rows(row_tile_count(form.rows, form.tile_rows), form.tile_rows * x.width, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const RowTile tile = row_tile(form.rows, form.tile_rows, i);
      kernels_.quantize_activations({.x = x.row(begin + tile.begin),
                                     .rows = tile.height(),
                                     .inputs = x.width,
                                     .tile = scratch_->quantized + (begin + tile.begin) * row_bytes});
    }
  });
}

void CpuBackend::round_activations(HostRows x) {
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    kernels_.round_activations(x.row(begin), end - begin, x.width,
                               scratch_->rounded + begin * round_up<int64_t>(x.width, 2));
  });
}

void CpuBackend::round_prompt_rows(HostRows x, std::span<const int32_t> prompt_rows) {
  const auto count = static_cast<int64_t>(prompt_rows.size());
  for_rows(ceil_div(count, bf16_block_rows), bf16_block_rows * x.width, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * bf16_block_rows;
    kernels_.round_to_bf16({.x = x.values,
                            .rows = prompt_rows.data() + first,
                            .row_count = std::min(count, end * bf16_block_rows) - first,
                            .inputs = x.width,
                            .bf16 = scratch_->bf16 + first * x.width});
  });
}

void CpuBackend::project(const Projection& projection, HostRows x, std::span<const int32_t> prompt_rows, int64_t begin,
                         int64_t end) {
  const PackedMatrix weights = packed(projection.weights);
  const bool reads_forms = reads_quantized_activations(weights.type);
  const MatmulArgs args{
      .weights = weights,
      .x = reads_forms
               ? quantized(x.width, 0, x.count)
               : Activations{.rows = x.count, .inputs = x.width, .values = x.values, .rounded = scratch_->rounded},
      .y = host_floats(projection.y.values),
      .y_stride = projection.y.width,
      .panel_begin = begin,
      .panel_end = end};
  if (!reads_forms || prompt_rows.empty()) {
    kernels_.matmul(args);
  } else {
    project_in_bf16(args, prompt_rows);
  }
  if (projection.weights.scale != 1.0F) scale_panels(args, projection.weights.scale);
}

void CpuBackend::scale_panels(const MatmulArgs& args, float scale) {
  const int64_t begin = args.panel_begin * panel_outputs;
  const int64_t end = std::min(args.panel_end * panel_outputs, args.weights.outputs);
  for (int64_t row = 0; row < args.x.rows; ++row) {
    kernels_.scale(args.y + row * args.y_stride + begin, scale, end - begin);
  }
}

void CpuBackend::project_in_bf16(const MatmulArgs& all, std::span<const int32_t> prompt_rows) {
  // A tile of panels is in L2 when it is read for the next run.
  for_runs_between(prompt_rows, all.x.rows, [&](int64_t begin, int64_t end) {
    MatmulArgs args = all;
    args.x = quantized(all.x.inputs, begin, end);
    args.y = all.y + begin * all.y_stride;
    kernels_.matmul(args);
  });
  kernels_.matmul_bf16({.weights = all.weights,
                        .x = scratch_->bf16,
                        .rows = prompt_rows.data(),
                        .row_count = static_cast<int64_t>(prompt_rows.size()),
                        .y = all.y,
                        .y_stride = all.y_stride,
                        .panel_begin = all.panel_begin,
                        .panel_end = all.panel_end});
}

void CpuBackend::matmul(Rows rows, RowsOf rows_of, std::initializer_list<Projection> projections) {
  const HostRows x(rows);
  const std::span<const int32_t> prompt_rows =
      rows_of == RowsOf::step ? inputs_.prompt_rows : inputs_.gathered_prompt_rows;
  bool reads_quantized = false;
  bool rounded = false;
  int64_t panels = 0;
  for (const Projection& projection : projections) {
    const Matrix& weights = projection.weights;
    if (weights.outputs == 0) continue;
    QUIRE_CHECK(weights.inputs == x.width && weights.outputs == projection.y.width && x.count == projection.y.count,
                "shapes fit");
    reads_quantized = reads_quantized || reads_quantized_activations(weights.type);
    rounded = rounded || reads_rounded(weights.type);
    panels += panel_count(projection);
  }
  if (reads_quantized) quantize(x, prompt_rows);
  if (rounded) round_activations(x);

  const bool alone = x.count * x.width * panels * panel_outputs < fork_products_min;
  const int64_t tile = alone ? panels : panels_of_task(panels, x.count, team_.worker_count() * tiles_per_worker);
  const auto compute_tile = [&](int64_t index, int) {
    for (const Projection& projection : projections) {
      const int64_t own_panels = panel_count(projection);
      const int64_t own_tiles = ceil_div(own_panels, tile);
      if (index < own_tiles) {
        project(projection, x, prompt_rows, index * tile, std::min(own_panels, (index + 1) * tile));
        return;
      }
      index -= own_tiles;
    }
  };
  int64_t tiles = 0;
  for (const Projection& projection : projections) tiles += ceil_div(panel_count(projection), tile);
  if (alone) {
    for (int64_t index = 0; index < tiles; ++index) compute_tile(index, 0);
  } else {
    team_.parallel_for(tiles, compute_tile);
  }
}

}  // namespace quire
