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

// Exact rows meet neighbouring panels in both forms before the next panels do, and these rows all panels before the
// next rows do: the panels are in the first levels when they are read again, and so are the rows' forms, if few enough.
constexpr int64_t exact_panels = 2;
constexpr int64_t exact_rows_max = 64;
constexpr int64_t exact_rows_min = 32;
constexpr int64_t exact_forms_bytes = 512 << 10;

int64_t exact_block_rows(int64_t inputs) {
  return std::clamp(exact_forms_bytes / (3 * inputs) / 8 * 8, exact_rows_min, exact_rows_max);
}

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

void CpuBackend::quantize(Rows x, std::span<const int32_t> exact_rows, const Scratch& scratch) {
  if (has_bf16()) {
    for_runs_between(exact_rows, x.count, [&](int64_t begin, int64_t end) { quantize_rows(x, begin, end, scratch); });
    round_rows(x, exact_rows, scratch);
  } else {
    quantize_rows(x, 0, x.count, scratch);
    quantize_remainders(x, exact_rows, scratch);
  }
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

void CpuBackend::quantize_remainders(Rows x, std::span<const int32_t> exact_rows, const Scratch& scratch) {
  const int64_t groups = x.width / quant_group;
  for_rows(static_cast<int64_t>(exact_rows.size()), x.width, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = exact_rows[static_cast<size_t>(i)];
      const int64_t to = x.count + i;
      kernels_.quantize_remainders({.x = x.row(row),
                                    .first_quants = scratch.quants + row * x.width,
                                    .first_scales = scratch.scales + row * groups,
                                    .rows = 1,
                                    .inputs = x.width,
                                    .quants = scratch.quants + to * x.width,
                                    .scales = scratch.scales + to * groups,
                                    .quant_sums = scratch.quant_sums + to * groups * 2,
                                    .group_sums = scratch.group_sums + to * groups});
    }
  });
}

void CpuBackend::round_activations(Rows x, const Scratch& scratch) {
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    kernels_.round_activations(x.row(begin), end - begin, x.width,
                               scratch.rounded + begin * round_up<int64_t>(x.width, 2));
  });
}

void CpuBackend::round_rows(Rows x, std::span<const int32_t> exact_rows, const Scratch& scratch) {
  const auto count = static_cast<int64_t>(exact_rows.size());
  for_rows(ceil_div(count, bf16_block_rows), bf16_block_rows * x.width, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * bf16_block_rows;
    kernels_.round_to_bf16({.x = x.values,
                            .rows = exact_rows.data() + first,
                            .row_count = std::min(count, end * bf16_block_rows) - first,
                            .inputs = x.width,
                            .bf16 = scratch.bf16 + first * x.width});
  });
}

void CpuBackend::project(const Projection& projection, Rows x, std::span<const int32_t> exact_rows,
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
  if (!reads_forms || exact_rows.empty()) {
    kernels_.matmul(args);
  } else if (has_bf16()) {
    project_in_bf16(args, exact_rows, scratch);
  } else {
    project_in_two_forms(args, exact_rows, scratch);
  }
}

void CpuBackend::project_in_two_forms(const MatmulArgs& all, std::span<const int32_t> exact_rows,
                                      const Scratch& scratch) {
  const int64_t block_rows = exact_block_rows(all.x.inputs);
  size_t exact_begin = 0;
  for (int64_t row = 0; row < all.x.rows; row += block_rows) {
    const int64_t row_end = std::min(all.x.rows, row + block_rows);
    size_t exact_end = exact_begin;
    while (exact_end < exact_rows.size() && exact_rows[exact_end] < row_end) ++exact_end;
    MatmulArgs first = all;
    first.x = forms_of(scratch, all.x.inputs, row, row_end - row);
    first.y = all.y + row * all.y_stride;
    const Activations second = forms_of(scratch, all.x.inputs, all.x.rows + static_cast<int64_t>(exact_begin),
                                        static_cast<int64_t>(exact_end - exact_begin));
    const auto block_exact_rows = exact_rows.subspan(exact_begin, exact_end - exact_begin);
    for (int64_t panel = all.panel_begin; panel < all.panel_end; panel += exact_panels) {
      first.panel_begin = panel;
      first.panel_end = std::min(all.panel_end, panel + exact_panels);
      kernels_.matmul(first);
      add_second_terms(first, second, block_exact_rows, all.y);
    }
    exact_begin = exact_end;
  }
}

// y of the exact rows += panels of `first` times their second form.
void CpuBackend::add_second_terms(const MatmulArgs& first, const Activations& second,
                                  std::span<const int32_t> exact_rows, float* y) {
  if (exact_rows.empty()) return;
  constexpr int64_t width = exact_panels * panel_outputs;
  float terms[exact_rows_max * width];  // (row, output of the panels)
  const PackedMatrix& weights = first.weights;
  const int64_t begin = first.panel_begin * panel_outputs;
  const int64_t outputs = std::min(first.panel_end * panel_outputs, weights.outputs) - begin;
  // The panels as a matrix of their own, so that outputs count from 0.
  const size_t panel_bytes = packed_size_bytes(weights.type, panel_outputs, weights.inputs);
  kernels_.matmul({.weights = {.type = weights.type,
                               .outputs = outputs,
                               .inputs = weights.inputs,
                               .bytes = weights.bytes + static_cast<size_t>(first.panel_begin) * panel_bytes},
                   .x = second,
                   .y = terms,
                   .y_stride = width,
                   .panel_begin = 0,
                   .panel_end = first.panel_end - first.panel_begin});
  for (size_t i = 0; i < exact_rows.size(); ++i) {
    const float* const from = terms + static_cast<int64_t>(i) * width;
    float* const to = y + exact_rows[i] * first.y_stride + begin;
    for (int64_t o = 0; o < outputs; ++o) to[o] += from[o];
  }
}

void CpuBackend::project_in_bf16(const MatmulArgs& all, std::span<const int32_t> exact_rows, const Scratch& scratch) {
  // A tile of panels is in L2 when it is read for the next run.
  for_runs_between(exact_rows, all.x.rows, [&](int64_t begin, int64_t end) {
    MatmulArgs args = all;
    args.x = forms_of(scratch, all.x.inputs, begin, end - begin);
    args.y = all.y + begin * all.y_stride;
    kernels_.matmul(args);
  });
  kernels_.matmul_bf16({.weights = all.weights,
                        .x = scratch.bf16,
                        .rows = exact_rows.data(),
                        .row_count = static_cast<int64_t>(exact_rows.size()),
                        .y = all.y,
                        .y_stride = all.y_stride,
                        .panel_begin = all.panel_begin,
                        .panel_end = all.panel_end});
}

void CpuBackend::matmul(Rows x, std::span<const int32_t> prompt_rows, PromptInput prompt_input, const Scratch& scratch,
                        std::initializer_list<Projection> projections) {
  const bool reads_exactly = prompt_input == PromptInput::exact || has_bf16();
  const std::span<const int32_t> exact_rows = reads_exactly ? prompt_rows : std::span<const int32_t>{};
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
  if (quantized) quantize(x, exact_rows, scratch);
  if (rounded) round_activations(x, scratch);

  const bool alone = x.count * x.width * panels * panel_outputs < fork_products_min;
  const int64_t tile = alone ? panels : std::max<int64_t>(1, panels / (team_.worker_count() * tiles_per_worker));
  const auto compute_tile = [&](int64_t index, int) {
    for (const Projection& projection : projections) {
      const int64_t own_panels = panel_count(projection);
      const int64_t own_tiles = ceil_div(own_panels, tile);
      if (index < own_tiles) {
        project(projection, x, exact_rows, scratch, index * tile, std::min(own_panels, (index + 1) * tile));
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
