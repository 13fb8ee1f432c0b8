// Projections: inputs in the form that weights read, panels split over the workers.
#include <algorithm>

#include "backend/cpu_backend.h"
#include "base/bytes.h"
#include "base/check.h"

namespace quire {
namespace {

// A fork and join costs a few microseconds; below this many multiply-adds, at about 16 a nanosecond, the caller
// computes alone.
constexpr int64_t fork_products_min = 512 * 1024;

int64_t panel_count(const Projection& projection) { return ceil_div(projection.weights.packed.outputs, panel_outputs); }

// `count` rows of the int8 forms, from `row` on.
Activations forms_of(const Scratch& scratch, int64_t inputs, int64_t row, int64_t count) {
  const int64_t groups = inputs / quant_group;
  return {.rows = count,
          .inputs = inputs,
          .quants = scratch.quants + row * inputs,
          .scales = scratch.scales + row * groups,
          .quant_sums = scratch.quant_sums + row * groups * 2,
          .group_sums = scratch.group_sums + row * groups};
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

void CpuBackend::quantize(Rows x, std::span<const int32_t> prompt_rows, const Scratch& scratch) {
  for_runs_between(prompt_rows, x.count, [&](int64_t begin, int64_t end) { quantize_rows(x, begin, end, scratch); });
  if (!prompt_rows.empty()) round_prompt_rows(x, prompt_rows, scratch);
}

void CpuBackend::quantize_rows(Rows x, int64_t begin, int64_t end, const Scratch& scratch) {
  const int64_t groups = x.width / quant_group;
  for_rows(end - begin, x.width, [&](int64_t first, int64_t last) {
    const int64_t row = begin + first;
    kernels_.quantize_activations(x.row(row), last - first, x.width, scratch.quants + row * x.width,
                                  scratch.scales + row * groups, scratch.quant_sums + row * groups * 2,
                                  scratch.group_sums + row * groups);
  });
}

void CpuBackend::round_activations(Rows x, const Scratch& scratch) {
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    kernels_.round_activations(x.row(begin), end - begin, x.width,
                               scratch.rounded + begin * round_up<int64_t>(x.width, 2));
  });
}

void CpuBackend::round_prompt_rows(Rows x, std::span<const int32_t> prompt_rows, const Scratch& scratch) {
  const auto count = static_cast<int64_t>(prompt_rows.size());
  for_rows(ceil_div(count, bf16_block_rows), bf16_block_rows * x.width, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * bf16_block_rows;
    kernels_.round_to_bf16({.x = x.values,
                            .rows = prompt_rows.data() + first,
                            .row_count = std::min(count, end * bf16_block_rows) - first,
                            .inputs = x.width,
                            .bf16 = scratch.bf16 + first * x.width});
  });
}

void CpuBackend::project(const Projection& projection, Rows x, std::span<const int32_t> prompt_rows,
                         const Scratch& scratch, int64_t begin, int64_t end) {
  const PackedMatrix& weights = projection.weights.packed;
  const bool reads_forms = reads_quantized_activations(weights.type);
  const MatmulArgs args{
      .weights = weights,
      .x = reads_forms
               ? forms_of(scratch, x.width, 0, x.count)
               : Activations{.rows = x.count, .inputs = x.width, .values = x.values, .rounded = scratch.rounded},
      .y = projection.y.values,
      .y_stride = projection.y.width,
      .panel_begin = begin,
      .panel_end = end};
  if (!reads_forms || prompt_rows.empty()) {
    kernels_.matmul(args);
  } else {
    project_in_bf16(args, prompt_rows, scratch);
  }
}

void CpuBackend::project_in_bf16(const MatmulArgs& all, std::span<const int32_t> prompt_rows, const Scratch& scratch) {
  // A tile of panels is in L2 when it is read for the next run.
  for_runs_between(prompt_rows, all.x.rows, [&](int64_t begin, int64_t end) {
    MatmulArgs args = all;
    args.x = forms_of(scratch, all.x.inputs, begin, end - begin);
    args.y = all.y + begin * all.y_stride;
    kernels_.matmul(args);
  });
  kernels_.matmul_bf16({.weights = all.weights,
                        .x = scratch.bf16,
                        .rows = prompt_rows.data(),
                        .row_count = static_cast<int64_t>(prompt_rows.size()),
                        .y = all.y,
                        .y_stride = all.y_stride,
                        .panel_begin = all.panel_begin,
                        .panel_end = all.panel_end});
}

void CpuBackend::matmul(Rows x, std::span<const int32_t> prompt_rows, const Scratch& scratch,
                        std::initializer_list<Projection> projections) {
  QUIRE_CHECK(prompt_rows.empty() || prompt_rows_differ(), "rows of prompts have an arithmetic of their own");
  bool quantized = false;
  bool rounded = false;
  int64_t panels = 0;
  for (const Projection& projection : projections) {
    const PackedMatrix& weights = projection.weights.packed;
    QUIRE_CHECK(weights.inputs == x.width && weights.outputs == projection.y.width && x.count == projection.y.count,
                "shapes fit");
    quantized = quantized || reads_quantized_activations(weights.type);
    rounded = rounded || reads_rounded(weights);
    panels += panel_count(projection);
  }
  if (quantized) quantize(x, prompt_rows, scratch);
  if (rounded) round_activations(x, scratch);

  const bool alone = x.count * x.width * panels * panel_outputs < fork_products_min;
  const int64_t tile = alone ? panels : std::max<int64_t>(1, panels / (team_.worker_count() * tiles_per_worker));
  const auto compute_tile = [&](int64_t index, int) {
    for (const Projection& projection : projections) {
      const int64_t own_panels = panel_count(projection);
      const int64_t own_tiles = ceil_div(own_panels, tile);
      if (index < own_tiles) {
        project(projection, x, prompt_rows, scratch, index * tile, std::min(own_panels, (index + 1) * tile));
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
