// Operations on whole rows: norms, turns, copies, and where the largest value is.
#pragma once

#include "kernels/gpu/kernel.h"

namespace quire::gpu {

// Of 16 strided partial sums of a warp's values: lanes 0 to 15 each add up their own. Who has the sum may overwrite
// them.
template <typename Step>
inline float strided_sum(int64_t n, const Step& step) {
  float partial = 0.0F;
  if (lane_index() < 16) {
    for (int64_t i = lane_index(); i < n; i += 16) partial = step(i, partial);
  }
  warp_barrier();
  return tree_sum(partial);
}

// Who computes a row: a warp, where rows are many and narrow,
struct WarpOfRow {
  using Shared = NothingShared;
  static constexpr int threads = task_threads;
  static constexpr int row_threads = warp_size;
  static Grid grid(int64_t rows) { return task_grid(rows); }
  static int64_t row() { return task_index(); }
  static int index() { return lane_index(); }

  template <typename Step>
  static float sum(const float* x, int64_t n, Shared&, const Step& step) {
    return strided_sum(n, [&](int64_t i, float acc) { return step(x[i], acc); });
  }
};

// or a block: it brings the row into shared memory, where the chains of the sum do not wait for each load.
struct BlockOfRow {
  static constexpr int threads = 256;
  static constexpr int row_threads = threads;
  static constexpr int64_t slab = 4096;
  struct Shared {
    float values[slab];
    float sum;
  };
  static Grid grid(int64_t rows) { return {rows}; }
  static int64_t row() { return block_index(); }
  static int index() { return thread_index(); }

  template <typename Step>
  static float sum(const float* x, int64_t n, Shared& shared, const Step& step) {
    float partial = 0.0F;
    for (int64_t begin = 0; begin < n; begin += slab) {
      const int64_t count = min_of(slab, n - begin);
      barrier();  // whoever read what was there before has read it
      for (int64_t i = thread_index(); i < count; i += threads) shared.values[i] = x[begin + i];
      barrier();
      if (thread_index() >= 16) continue;
      for (int64_t i = thread_index(); i < count; i += 16) partial = step(shared.values[i], partial);
    }
    if (warp_index() == 0) {
      partial = tree_sum(partial);
      if (lane_index() == 0) shared.sum = partial;
    }
    barrier();
    return shared.sum;
  }
};

// Of rows (rows, width); weight and bias are (weight_rows, width), and row r has row r mod weight_rows of them.
struct NormArgs {
  const float* x = nullptr;
  const float* weight = nullptr;
  const float* bias = nullptr;  // null: none; layer_norm's alone
  float* y = nullptr;           // may be x
  int64_t rows = 0;
  int64_t width = 0;
  int64_t weight_rows = 1;
  float epsilon = 0.0F;
};

template <typename Who>
struct RmsNorm {
  using Args = NormArgs;
  using Shared = typename Who::Shared;
  static constexpr int threads = Who::threads;
  static Grid grid(const Args& args) { return Who::grid(args.rows); }
  static void run(const Args& args, Shared& shared) {
    const int64_t row = Who::row();
    if (row >= args.rows) return;
    const float* const x = args.x + row * args.width;
    const float* const weight = args.weight + row % args.weight_rows * args.width;
    float* const y = args.y + row * args.width;
    const float sum = Who::sum(x, args.width, shared, [](float v, float acc) { return std::fma(v, v, acc); });
    const float factor = scalar::norm_factor(sum, static_cast<float>(args.width), args.epsilon);
    for (int64_t i = Who::index(); i < args.width; i += Who::row_threads) y[i] = (x[i] * factor) * weight[i];
  }
};

template <typename Who>
struct LayerNorm {
  using Args = NormArgs;
  using Shared = typename Who::Shared;
  static constexpr int threads = Who::threads;
  static Grid grid(const Args& args) { return Who::grid(args.rows); }
  static void run(const Args& args, Shared& shared) {
    const int64_t row = Who::row();
    if (row >= args.rows) return;
    const float* const x = args.x + row * args.width;
    const int64_t own = row % args.weight_rows * args.width;
    float* const y = args.y + row * args.width;
    const auto n = static_cast<float>(args.width);
    const float mean = Who::sum(x, args.width, shared, [](float v, float acc) { return acc + v; }) / n;
    const float squares =
        Who::sum(x, args.width, shared, [mean](float v, float acc) { return std::fma(v - mean, v - mean, acc); });
    const float factor = scalar::norm_factor(squares, n, args.epsilon);
    for (int64_t i = Who::index(); i < args.width; i += Who::row_threads) {
      const float* const bias = args.bias == nullptr ? nullptr : args.bias + own + i;
      y[i] = scalar::layer_norm_of(x[i], mean, factor, args.weight[own + i], bias);
    }
  }
};

// x /= sqrt(sum of x^2 + epsilon). A warp a row: rows are heads.
struct L2Norm {
  struct Args {
    float* x = nullptr;  // (rows, width)
    int64_t rows = 0;
    int64_t width = 0;
    float epsilon = 0.0F;
  };
  using Shared = NothingShared;
  static constexpr int threads = task_threads;
  static Grid grid(const Args& args) { return task_grid(args.rows); }
  static void run(const Args& args, Shared&) {
    const int64_t row = task_index();
    if (row >= args.rows) return;
    float* const x = args.x + row * args.width;
    const float sum = strided_sum(args.width, [&](int64_t i, float acc) { return std::fma(x[i], x[i], acc); });
    const float factor = scalar::norm_factor(sum, 1.0F, args.epsilon);
    for (int64_t i = lane_index(); i < args.width; i += warp_size) x[i] *= factor;
  }
};

// Turns each head of each row by the row's turns.
struct Rope {
  struct Args {
    float* x = nullptr;              // (rows, heads, head_dim)
    const float* cosines = nullptr;  // (rows, rotary / 2)
    const float* sines = nullptr;    // the same
    int64_t rows = 0;
    int64_t heads = 0;
    int64_t head_dim = 0;
    int64_t rotary = 0;
    bool halves = false;  // pairs are (d, d + rotary / 2), else (2 d, 2 d + 1)
  };
  using Shared = NothingShared;
  static constexpr int threads = element_threads;
  static Grid grid(const Args& args) { return element_grid(args.rows, args.heads * (args.rotary / 2)); }
  static void run(const Args& args, Shared&) {
    const auto pairs = static_cast<uint32_t>(args.rotary / 2);
    for_elements(args.heads * pairs, [&](int64_t row, int64_t i) {
      const uint32_t head = static_cast<uint32_t>(i) / pairs, d = static_cast<uint32_t>(i) % pairs;
      float* const x = args.x + (row * args.heads + head) * args.head_dim;
      float* const first = x + (args.halves ? d : 2 * d);
      float* const second = x + (args.halves ? d + pairs : 2 * d + 1);
      const scalar::Pair pair =
          scalar::turned({*first, *second}, args.cosines[row * pairs + d], args.sines[row * pairs + d]);
      *first = pair.first;
      *second = pair.second;
    });
  }
};

// y[r][h] = x[rows[r]][h], of heads of `size` elements. The two do not overlap.
struct CopyHeads {
  struct Args {
    const float* x = nullptr;       // of head 0 of row 0
    float* y = nullptr;             // the same
    const int32_t* rows = nullptr;  // (row_count); null: row r is r
    int64_t row_count = 0;
    int64_t heads = 0;
    int64_t size = 0;
    int64_t x_stride = 0;  // from row to row
    int64_t y_stride = 0;
    int64_t x_head_stride = 0;  // from head to head
    int64_t y_head_stride = 0;
  };
  using Shared = NothingShared;
  static constexpr int threads = element_threads;
  static Grid grid(const Args& args) { return element_grid(args.row_count, args.heads * args.size); }
  static void run(const Args& args, Shared&) {
    const auto size = static_cast<uint32_t>(args.size);
    for_elements(args.heads * args.size, [&](int64_t row, int64_t i) {
      const uint32_t head = static_cast<uint32_t>(i) / size, element = static_cast<uint32_t>(i) % size;
      const int64_t from = args.rows == nullptr ? row : args.rows[row];
      args.y[row * args.y_stride + head * args.y_head_stride + element] =
          args.x[from * args.x_stride + head * args.x_head_stride + element];
    });
  }
};

// largest[i] = where the first of the largest of row rows[i] is, at rows[i]; -1 where an element is NaN or plus
// infinity, or all are minus infinity. A block a row.
struct Largest {
  struct Args {
    const float* x = nullptr;       // (any, width)
    const int32_t* rows = nullptr;  // (row_count)
    int64_t row_count = 0;
    int64_t width = 0;
    int32_t* largest = nullptr;  // (any)
  };
  static constexpr int threads = 512;
  struct Best {
    float value;
    int32_t at;      // -1: no value above minus infinity
    bool is_finite;  // no element is NaN or plus infinity
  };
  struct Shared {
    Best of_warps[threads / warp_size];
  };
  static Grid grid(const Args& args) { return {args.row_count}; }

  static Best better(const Best& a, const Best& b) {
    const bool first = b.at < 0 || (a.at >= 0 && (a.value > b.value || (a.value == b.value && a.at < b.at)));
    return {.value = first ? a.value : b.value, .at = first ? a.at : b.at, .is_finite = a.is_finite && b.is_finite};
  }
  static Best of_warp(Best best) {
    for (int mask = warp_size / 2; mask > 0; mask /= 2) {
      const Best other = {.value = shuffle_xor(best.value, mask),
                          .at = static_cast<int32_t>(shuffle_xor(static_cast<uint32_t>(best.at), mask)),
                          .is_finite = shuffle_xor(uint32_t{best.is_finite}, mask) != 0};
      best = better(best, other);
    }
    return best;
  }
  static void run(const Args& args, Shared& shared) {
    const int64_t row = args.rows[block_index()];
    const float* const x = args.x + row * args.width;
    Best best = {.value = scalar::minus_infinity, .at = -1, .is_finite = true};
    for (int64_t i = thread_index(); i < args.width; i += threads) {
      const float value = x[i];
      best.is_finite = best.is_finite && value < -scalar::minus_infinity;
      if (value > best.value) {
        best.value = value;
        best.at = static_cast<int32_t>(i);
      }
    }
    best = of_warp(best);
    if (lane_index() == 0) shared.of_warps[warp_index()] = best;
    barrier();
    if (thread_index() != 0) return;
    for (const Best& other : shared.of_warps) best = better(best, other);
    args.largest[row] = best.is_finite ? best.at : -1;
  }
};

// x = softplus(x + bias), and decays = exp(rates * x) of that.
struct TimeSteps {
  struct Args {
    float* x = nullptr;            // (rows, width)
    const float* bias = nullptr;   // (width)
    const float* rates = nullptr;  // (width)
    float* decays = nullptr;       // (rows, width)
    int64_t rows = 0;
    int64_t width = 0;
  };
  using Shared = NothingShared;
  static constexpr int threads = element_threads;
  static Grid grid(const Args& args) { return element_grid(args.rows, args.width); }
  static void run(const Args& args, Shared&) {
    for_elements(args.width, [&](int64_t row, int64_t i) {
      const int64_t at = row * args.width + i;
      args.x[at] = scalar::softplus_of(args.x[at] + args.bias[i]);
      args.decays[at] = scalar::exp_of(args.rates[i] * args.x[at]);
    });
  }
};

}  // namespace quire::gpu
