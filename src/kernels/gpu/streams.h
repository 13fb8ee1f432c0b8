// Operations on residual streams beside each other, and on what a gate has above its mean.
#pragma once

#include "kernels/gpu/rows.h"

namespace quire::gpu {

// y[k][r] += sum over j ascending of weights[r][k * x_count + j] * x[j][r], by the x of before (kernels/kernels.h:
// MixArgs). A thread an element of a row, of all y.
struct Mix {
  struct Args {
    float* y[mixed_rows_max] = {};        // (y_count): (rows, width) each
    const float* x[mixed_rows_max] = {};  // (x_count): the same; may be y
    const float* weights = nullptr;       // (rows, y_count, x_count)
    int64_t y_count = 0;
    int64_t x_count = 0;
    int64_t rows = 0;
    int64_t width = 0;
  };
  using Shared = NothingShared;
  static constexpr int threads = element_threads;
  static Grid grid(const Args& args) { return element_grid(args.rows, args.width); }
  static void run(const Args& args, Shared&) {
    for_elements(args.width, [&](int64_t row, int64_t i) {
      const int64_t at = row * args.width + i;
      float x[mixed_rows_max] = {};
      for (int64_t j = 0; j < args.x_count; ++j) x[j] = args.x[j][at];
      const float* weights = args.weights + row * args.y_count * args.x_count;
      for (int64_t k = 0; k < args.y_count; ++k, weights += args.x_count) {
        float sum = args.y[k][at];
        for (int64_t j = 0; j < args.x_count; ++j) sum = std::fma(weights[j], x[j], sum);
        args.y[k][at] = sum;
      }
    });
  }
};

// y[r] *= sqrt(mean(x[r]^2)) / sqrt(mean(y[r]^2)), where that mean is `floor` at least. A warp a row.
struct MatchMagnitude {
  struct Args {
    float* y = nullptr;        // (rows, width)
    const float* x = nullptr;  // the same
    int64_t rows = 0;
    int64_t width = 0;
    float floor = 0.0F;
  };
  using Shared = NothingShared;
  static constexpr int threads = task_threads;
  static Grid grid(const Args& args) { return task_grid(args.rows); }
  static void run(const Args& args, Shared&) {
    const int64_t row = task_index();
    if (row >= args.rows) return;
    float* const y = args.y + row * args.width;
    const float* const x = args.x + row * args.width;
    const auto n = static_cast<float>(args.width);
    const float wanted = strided_sum(args.width, [&](int64_t i, float acc) { return std::fma(x[i], x[i], acc); }) / n;
    const float found = strided_sum(args.width, [&](int64_t i, float acc) { return std::fma(y[i], y[i], acc); }) / n;
    const float factor = std::sqrt(wanted) / std::sqrt(found < args.floor ? args.floor : found);
    for (int64_t i = lane_index(); i < args.width; i += warp_size) y[i] *= factor;
  }
};

// x[i] = what x[i] has above the row's mean and so many of its standard deviations, or 0. A warp a row.
struct KeepExcess {
  struct Args {
    float* x = nullptr;  // (rows, width)
    int64_t rows = 0;
    int64_t width = 0;
    float deviations = 0.0F;
  };
  using Shared = NothingShared;
  static constexpr int threads = task_threads;
  static Grid grid(const Args& args) { return task_grid(args.rows); }
  static void run(const Args& args, Shared&) {
    const int64_t row = task_index();
    if (row >= args.rows) return;
    float* const x = args.x + row * args.width;
    const auto n = static_cast<float>(args.width);
    const float mean = strided_sum(args.width, [&](int64_t i, float acc) { return acc + x[i]; }) / n;
    const float squares =
        strided_sum(args.width, [&](int64_t i, float acc) { return std::fma(x[i] - mean, x[i] - mean, acc); });
    const float limit = mean + args.deviations * std::sqrt(squares / n);
    for (int64_t i = lane_index(); i < args.width; i += warp_size) x[i] = scalar::max_of(0.0F, x[i] - limit);
  }
};

}  // namespace quire::gpu
