// The int8 form of activations, as matmuls of quantized weights read it: of each row its groups, one after another.
#pragma once

#include "kernels/gpu/kernel.h"
#include "kernels/quantized_rows.h"
#include "kernels/scalar/quant.h"

namespace quire::gpu {

// 32 inputs of a row. These are the bytes of a tile of one row of the CPU's form.
struct alignas(16) QuantizedGroup {
  int8_t quants[quant_group];
  GroupTerms terms;
};
static_assert(sizeof(QuantizedGroup) == quantized_group_bytes, "groups lie one after another");

// Of each head its rows: form (heads, rows, size / 32). A warp a group, a lane an input.
struct Quantize {
  struct Args {
    const float* x = nullptr;  // of head 0 of row 0
    QuantizedGroup* form = nullptr;
    int64_t rows = 0;
    int64_t heads = 1;
    int64_t size = 0;           // inputs of a head: a multiple of 32
    int64_t x_stride = 0;       // from row to row
    int64_t x_head_stride = 0;  // from head to head
  };
  using Shared = NothingShared;
  static constexpr int threads = task_threads;
  static int64_t tasks(const Args& args) { return args.heads * args.rows * (args.size / quant_group); }
  static Grid grid(const Args& args) { return task_grid(tasks(args)); }
  static void run(const Args& args, Shared&) {
    const int64_t task = task_index();
    if (task >= tasks(args)) return;
    const int64_t groups = args.size / quant_group;
    const int64_t row = task / groups, k = task % groups * quant_group + lane_index();
    const float x = args.x[row / args.rows * args.x_head_stride + row % args.rows * args.x_stride + k];
    const scalar::GroupScale scale = scalar::group_scale(warp_max(scalar::magnitude_bits(x)));
    const int32_t quant = scalar::group_quant(x, scale.inverse);
    const int32_t half_sum = half_warp_sum(quant);
    const auto other_sum = static_cast<int32_t>(shuffle_xor(static_cast<uint32_t>(half_sum), 16));
    args.form[task].quants[lane_index()] = static_cast<int8_t>(quant);
    if (lane_index() == 0) args.form[task].terms = scalar::group_terms(scale.scale, half_sum, other_sum);
  }
};

}  // namespace quire::gpu
