// Projections: inputs in the form that weights read, panels split over the workers.
#include <algorithm>

#include "backend/cpu_backend.h"
#include "base/bytes.h"
#include "base/check.h"

namespace quire {
namespace {

// A fork and join costs a few microseconds; below this many multiply-adds, at about 16 a nanosecond, the caller
// computes alone.
constexpr int64_t fork_products_min = 64 * 1024;

int64_t panel_count(const Projection& projection) { return ceil_div(projection.weights.packed.outputs, panel_outputs); }

// remainder = x - the value of its int8 form. Two roundings: what they lose is 2^-24 of the form.
void subtract_form(const float* x, const int8_t* quants, const float* scales, int64_t inputs, float* remainder) {
  for (int64_t group = 0; group < inputs / quant_group; ++group) {
    const float scale = scales[group];
    for (int64_t i = group * quant_group; i < (group + 1) * quant_group; ++i) {
      remainder[i] = x[i] - scale * static_cast<float>(quants[i]);
    }
  }
}

}  // namespace

Activations CpuBackend::quantize(Rows x, InputForms forms, const Scratch& scratch) {
  const int64_t groups = x.width / quant_group;
  const auto quantize_rows = [&](const float* rows, int64_t count, int64_t row) {
    kernels_.quantize_activations(rows, count, x.width, scratch.quants + row * x.width, scratch.scales + row * groups,
                                  scratch.half_sums + row * groups * 2, scratch.group_sums + row * groups);
  };
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    quantize_rows(x.row(begin), end - begin, begin);
    if (forms == InputForms::one) return;
    float* const remainders = scratch.remainders + begin * x.width;
    subtract_form(x.row(begin), scratch.quants + begin * x.width, scratch.scales + begin * groups,
                  (end - begin) * x.width, remainders);
    quantize_rows(remainders, end - begin, x.count + begin);
  });
  return {.rows = forms == InputForms::one ? x.count : 2 * x.count,
          .inputs = x.width,
          .quants = scratch.quants,
          .scales = scratch.scales,
          .half_sums = scratch.half_sums,
          .group_sums = scratch.group_sums};
}

void CpuBackend::matmul(Rows x, InputForms forms, const Scratch& scratch,
                        std::initializer_list<Projection> projections) {
  bool quantized = false;
  int64_t panels = 0;
  for (const Projection& projection : projections) {
    const PackedMatrix& weights = projection.weights.packed;
    QUIRE_CHECK(weights.inputs == x.width && weights.outputs == projection.y.width && x.count == projection.y.count,
                "shapes fit");
    quantized = quantized || reads_quantized_activations(weights.type);
    panels += panel_count(projection);
  }
  const Activations floats{.rows = x.count, .inputs = x.width, .values = x.values};
  const Activations quants = quantized ? quantize(x, forms, scratch) : Activations{};

  // Panels [begin, end) of one projection; `terms` is its part of the scratch.
  const auto compute = [&](const Projection& projection, float* terms, int64_t begin, int64_t end) {
    const bool reads_quants = reads_quantized_activations(projection.weights.packed.type);
    const bool two_terms = reads_quants && forms == InputForms::two;
    const Rows y = projection.y;
    kernels_.matmul({.weights = projection.weights.packed,
                     .x = reads_quants ? quants : floats,
                     .y = two_terms ? terms : y.values,
                     .y_stride = y.width,
                     .panel_begin = begin,
                     .panel_end = end});
    if (!two_terms) return;
    const int64_t output_end = std::min(end * panel_outputs, y.width);
    for (int64_t r = 0; r < y.count; ++r) {
      const float* const first = terms + r * y.width;
      const float* const second = terms + (y.count + r) * y.width;
      for (int64_t o = begin * panel_outputs; o < output_end; ++o) y.row(r)[o] = first[o] + second[o];
    }
  };

  const bool alone = x.count * x.width * panels * panel_outputs < fork_products_min;
  const int64_t tile = alone ? panels : std::max<int64_t>(1, panels / (team_.worker_count() * tiles_per_worker));
  const auto compute_tile = [&](int64_t index, int) {
    float* terms = scratch.terms;
    for (const Projection& projection : projections) {
      const int64_t own_tiles = ceil_div(panel_count(projection), tile);
      if (index < own_tiles) {
        compute(projection, terms, index * tile, std::min(panel_count(projection), (index + 1) * tile));
        return;
      }
      index -= own_tiles;
      terms += 2 * projection.y.count * projection.y.width;
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
