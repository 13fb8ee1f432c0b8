// The numeric contract: one table of pure functions an instruction set. The scalar table is the specification;
// every other table in this list gives the scalar table's bits:
//
//   scalar avx2 avx2_vnni avx512 avx512_vnni     on ARM: scalar neon neon_i8mm
//
// The table avx512_bf16 is avx512_vnni but for BF16 weights, which meet activations in bf16
// (KernelTable::round_activations): their bits are those of avx512_bf16_specification(). The table amx has the scalar
// table's bits but for prompt rows (KernelTable::matmul_bf16), whose bits are those of amx_specification(). Bits are
// equal within a table.
//
// Three rules make bits independent of company, chunking and threads:
//  1. Outputs are lanes. A value of y is one chain of operations over K in ascending order, the same for 1 row or 512.
//  2. Integer sums are exact; floating sums have one written order (reductions: 16 strided partial sums, then the
//     tree 8, 4, 2, 1).
//  3. No libm: exp is `exp_approx` below, written with the same fused operations in each table.
//
// This header is included by leaf files that are compiled for an instruction set: no inline functions here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "tensor/element_type.h"

namespace quire {

inline constexpr int64_t panel_outputs = 16;          // outputs whose weights are packed together
inline constexpr int64_t quant_group = 32;            // activations that share a scale
inline constexpr int64_t quantized_group_bytes = 48;  // a group of a row in int8 (kernels/quantized_rows.h)
inline constexpr int64_t bf16_block_rows = 16;        // rows whose bf16 forms lie together
inline constexpr int64_t attention_chunk = 32;        // positions scored together, counted from position 0
// Queries (of a row and a head) that meet a chunk together, one reading of it. What they are while they walk the chunks
// is 5 KiB; their own q and out, 64 KiB at head_dim 64, stream by from the second level.
inline constexpr int64_t attention_tile_queries = 128;
// Values of a chunk of latents are laid out anew while its queries read them: 128 KiB at most.
inline constexpr int64_t latent_dim_max = 2048;
inline constexpr int64_t mixed_rows_max = 8;
inline constexpr int64_t all_positions = int64_t{1} << 40;  // more than any sequence has

// A weight matrix W (outputs, inputs) packed into panels of panel_outputs outputs; the last one is padded with zeros.
// The layout is the packing function's business (docs/kernels.md); every table of one build reads the same layout.
// Panels follow one another, each packed_size_bytes(type, panel_outputs, inputs) long: one alone is a matrix too.
struct PackedMatrix {
  ElementType type = ElementType::f32;
  int64_t outputs = 0;
  int64_t inputs = 0;
  const std::byte* bytes = nullptr;  // 64-byte aligned, packed_size_bytes(type, outputs, inputs) long
};

// Activations of `rows` rows as a matmul reads them. Weights in F32, F16 and BF16 read `values`, but BF16 the bf16 form
// `rounded` where the table has round_activations; quantized weights read the int8 form: value[k] = scale[k / 32] *
// quant[k], scale = max|x| / 127 over the group, quants rounded to nearest even and so within [-127, 127].
struct Activations {
  int64_t rows = 0;
  int64_t inputs = 0;
  const float* values = nullptr;         // (rows, inputs)
  const uint16_t* rounded = nullptr;     // (rows, inputs rounded up to whole pairs): bf16
  const std::byte* quantized = nullptr;  // in tiles of at most tile_rows rows: kernels/quantized_rows.h
  int64_t tile_rows = 0;                 // in [1, 16]; any is right, the table's own is the fastest
};

// The int8 form of a tile of at most 16 rows. A group that holds a NaN or an infinity gets the scale NaN and quants 0,
// so that its own row's results are NaN; one whose values are all below 2^-100 counts as zero.
// REQUIRES: inputs is a multiple of 32.
struct QuantizeArgs {
  const float* x = nullptr;  // (rows, inputs)
  int64_t rows = 0;
  int64_t inputs = 0;
  std::byte* tile = nullptr;  // aligned for floats
};

// y[r][o] = sum over k of W[o][k] * x[r][k], for outputs of panels [panel_begin, panel_end).
// BF16 weights that read the bf16 form, per pair of inputs in ascending order (an odd last input is a pair with zero):
//   y = fma(W[2 j + 1], x[2 j + 1], y), then y = fma(W[2 j], x[2 j], y), from 0
// where a subnormal weight is zero, and so is a result below 2^-126, with its sign.
// Same bits for any rows and any split into panels: y[r][o] depends on x[r] and W[o] only.
struct MatmulArgs {
  PackedMatrix weights;
  Activations x;
  float* y = nullptr;  // (rows, y_stride); only the outputs of the asked panels are written
  int64_t y_stride = 0;
  int64_t panel_begin = 0;
  int64_t panel_end = 0;
};

// The bf16 form of rows: nearest even, what is below 2^-126 as zero; in blocks of 16 rows, of which those after the
// last row are zeros: (blocks, inputs / 32, 16, 32). REQUIRES: inputs is a multiple of 32.
struct Bf16Args {
  const float* x = nullptr;       // (any, inputs)
  const int32_t* rows = nullptr;  // (row_count): row i of the form is row rows[i] of x
  int64_t row_count = 0;
  int64_t inputs = 0;
  uint16_t* bf16 = nullptr;
};

// Like MatmulArgs, for rows in bf16 and quantized weights. With w the weight's f32 value rounded to bf16, per group of
// 32 inputs in ascending order:
//   even = sum over j ascending of w[2 j] * x[2 j], odd = sum over j ascending of w[2 j + 1] * x[2 j + 1]   (fused)
//   y = y + (even + odd), from 0
// A weight's f32 value is scale * quant, or fma(scale, quant, minimum). A result below 2^-126 is zero with its sign.
// A NaN's bits are not stated.
struct Bf16MatmulArgs {
  PackedMatrix weights;
  const uint16_t* x = nullptr;    // the bf16 form
  const int32_t* rows = nullptr;  // (row_count): row i of the form is row rows[i] of y
  int64_t row_count = 0;
  float* y = nullptr;  // (any, y_stride)
  int64_t y_stride = 0;
  int64_t panel_begin = 0;
  int64_t panel_end = 0;
};

// Keys and values of one layer, in blocks of block_tokens positions (a multiple of attention_chunk): each a row of
// chunks (block, kv_head, chunk), a chunk being what belongs to attention_chunk positions of a head:
//   f16   keys (head_dim, 32)                                positions are lanes when scores are computed
//         values (32, head_dim)                              head elements are lanes when values are added
//   q8_0  keys: f16 scales (groups, 32), int8 (head_dim, 32)
//         values: f16 scales (groups, 32), int8 (32, head_dim)
// A group is quant_group elements of a head, the last one what is left: a position has a scale for each.
// Of latents a position has a key alone: its value is the leading latent_dim elements of it.
struct KvLayer {
  std::byte* keys = nullptr;
  std::byte* values = nullptr;          // null: of latents
  ElementType type = ElementType::f16;  // or q8_0
  int64_t block_tokens = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t latent_dim = 0;  // a multiple of quant_group, at most latent_dim_max; 0: values of their own, as wide as keys
};

// Stores one row's k and v (kv_heads, head_dim) at `position` of a sequence. What is stored depends on the row alone.
// Of latents k is (kv_heads, latent_dim), and v what follows it in a key.
// f16: rounded to nearest even. q8_0, for each group: scale = f16(max|x| / 127), quant = x * (1 / scale), bounded by
// -127 and 127 and rounded to nearest even. Where the scale is zero the quants are 0; a group that holds a NaN or an
// infinity, or whose scale would be infinite, gets the scale NaN and quants 0.
struct KvWriteArgs {
  KvLayer layer;
  const int32_t* blocks = nullptr;  // the sequence's block table
  int64_t position = 0;
  const float* k = nullptr;
  const float* v = nullptr;
};

// Rows [row_begin, row_begin + rows) of a step, at consecutive positions of one sequence.
struct RowRun {
  int64_t row_begin = 0;
  int64_t rows = 0;
  int64_t position = 0;             // of row_begin in its sequence
  const int32_t* blocks = nullptr;  // the sequence's block table
  int64_t end = INT64_MAX;          // positions of the sequence, where rows see what follows them
};

// Attention of the rows of some runs, for one KV head and the `group` query heads that read it. Per (row, query
// head) and chunk of 32 positions in ascending order, from the chunk that holds the first position it sees:
//   s[i] = scale * sum over d ascending of q[d] * k[i][d]     (fused; masked positions do not exist)
//   s[i] = softcap * tanh(s[i] / softcap)                     (where there is a softcap, as KernelTable::softcap)
//   m' = max(m, max s); c = exp(m - m'); p[i] = exp(s[i] - m'); l = l * c + tree_sum(p)
//   acc[d] = acc[d] * c + sum over i ascending of p[i] * v[i][d]   (fused)
// and at last, where the head has a sink:
//   m' = max(m, sink); c = exp(m - m'); l = l * c + exp(sink - m'); acc[d] = acc[d] * c
// out[d] = acc[d] / l.
// d of a score is an element of a key, d of acc and out one of a value: of latents these are fewer.
// A row at position p sees the positions from p + 1 + after - window on (from 0 without a window) up to p + after, as
// far as its run's sequence has them.
// In q8_0 k and v are the quants, and scales are applied to a group's sum and to p:
//   s[i] = scale * sum over groups g ascending of kscale[g][i] * (sum over d of g ascending of q[d] * k[i][d])
//   acc[d] = acc[d] * c + sum over i ascending of (p[i] * vscale[g of d][i]) * v[i][d]
// Runs share their first shared_tokens positions: a tile of queries of several sequences reads these once. That has no
// effect on bits.
// REQUIRES: out does not overlap q (it holds acc meanwhile). shared_tokens is a multiple of attention_chunk; all rows
// see these positions, and the runs' block tables have the same blocks for them; it is 0 where there is a window, or
// rows see what follows them.
struct AttentionArgs {
  KvLayer layer;
  int64_t kv_head = 0;
  int64_t group = 0;  // query heads a KV head
  const RowRun* runs = nullptr;
  int64_t run_count = 0;
  int64_t shared_tokens = 0;
  const float* q = nullptr;  // row r, head h of the group: q + r * q_stride + (kv_head * group + h) * head_dim
  int64_t q_stride = 0;
  float* out = nullptr;  // addressed like q, by the size of a value
  int64_t out_stride = 0;
  float scale = 0.0F;
  int64_t window = 0;            // a row sees so many positions, the last `after` of them behind its own; 0: all
  int64_t after = 0;             // positions behind its own that a row sees; at most all_positions
  float softcap = 0.0F;          // 0: none
  const float* sinks = nullptr;  // (kv_heads * group); null: none
};

// Rows side by side to which weighted sums of others are added. Of each element i
//   y[k][i] = y[k][i] + sum over j ascending of weights[k * x_count + j] * x[j][i]   (fused)
// for every k, by the x of before. Rows of y may be rows of x. REQUIRES: x_count is at most mixed_rows_max.
struct MixArgs {
  float* const* y = nullptr;        // (y_count): rows of n values
  const float* const* x = nullptr;  // (x_count): the same
  const float* weights = nullptr;   // (y_count, x_count)
  int64_t y_count = 0;
  int64_t x_count = 0;
  int64_t n = 0;
};

// A causal convolution of one row, each channel by itself:
//   y[c] = sum over t ascending of weight[t][c] * x[t][c], from bias[c], or from 0   (fused)
// and then, where it is asked for, silu(y[c]).
// REQUIRES: y overlaps nothing else.
struct ConvolveArgs {
  const float* const* x = nullptr;  // (taps): rows of `channels` values, the newest last
  const float* weight = nullptr;    // (taps, channels)
  const float* bias = nullptr;      // (channels); null: none
  int64_t taps = 0;
  int64_t channels = 0;
  bool silu = false;
  float* y = nullptr;
};

// Sixteen columns of the state S of one head, which each row overwrites. For every row in order, with its k, q, v,
// decay d and weight w:
//   u = w * fma(-d, sum over i of k[i] * S[i], v) where it corrects, else w * v
//   S[i] = fma(k[i], u, d * S[i])
//   out = fma(skip, v, scale * sum over i of q[i] * S[i])
// A sum is four fused chains from 0, chain j over i = j, j + 4, ... ascending, added as (0 + 2) + (1 + 3).
// With a correction this is the gated delta rule (Yang et al., 2024), without one the recurrence of Mamba 2 (Dao and
// Gu, 2024), whose B, C and x are k, q and v.
struct RecurArgs {
  float* state = nullptr;  // (state_rows, 16)
  int64_t state_rows = 0;
  int64_t columns = 0;  // of v and out, at most 16; further ones of the state stay zero
  int64_t rows = 0;     // of the step
  const float* k = nullptr;
  const float* q = nullptr;
  const float* v = nullptr;
  const float* decays = nullptr;
  const float* weights = nullptr;
  float* out = nullptr;
  int64_t k_stride = 0;     // from row to row, of k and of q
  int64_t v_stride = 0;     // the same of v and of out
  int64_t gate_stride = 0;  // the same of decays and of weights
  bool corrects = false;
  float scale = 1.0F;
  float skip = 0.0F;
};

// Functions of one instruction set. Pure; any thread; pointers need no alignment unless said.
struct KernelTable {
  std::string_view name;

  // y as in MatmulArgs. REQUIRES: the activation form that the weight type reads is filled.
  void (*matmul)(const MatmulArgs& args);
  void (*quantize_activations)(const QuantizeArgs& args);
  int64_t tile_rows = 8;  // of the int8 form, as its matmul is fastest
  // The bf16 form of rows, which matmul reads for BF16 weights: nearest even, what is below 2^-126 as zero; after an
  // odd last input a zero. Null: BF16 weights read the values.
  void (*round_activations)(const float* x, int64_t rows, int64_t inputs, uint16_t* rounded) = nullptr;
  // The arithmetic of prompt rows with quantized weights, where the table has one of its own. Null: they are computed
  // as all other rows are.
  void (*round_to_bf16)(const Bf16Args& args) = nullptr;
  void (*matmul_bf16)(const Bf16MatmulArgs& args) = nullptr;
  void (*attention)(const AttentionArgs& args);
  void (*kv_write)(const KvWriteArgs& args);
  // y = x / sqrt(mean(x^2) + epsilon) * weight, one row of n values. y may be x.
  void (*rms_norm)(const float* x, const float* weight, float epsilon, int64_t n, float* y);
  // y = (x - m) / sqrt(mean((x - m)^2) + epsilon) * weight + bias with m = mean(x); a null bias is none. y may be x.
  void (*layer_norm)(const float* x, const float* weight, const float* bias, float epsilon, int64_t n, float* y);
  // mean(x^2), as rms_norm has it.
  float (*mean_square)(const float* x, int64_t n);
  // x[i] = max(0, x[i] - (m + deviations * sqrt(mean((x - m)^2)))) with m = mean(x), both as layer_norm has them.
  void (*keep_excess)(float* x, float deviations, int64_t n);
  // Rotates n_heads heads of one row in place: pairs (d, d + rotary/2) of the first `rotary` elements when neox, else
  // (2d, 2d+1), by cos/sin tables of rotary/2 values for this row's position.
  void (*rope)(float* heads, int64_t n_heads, int64_t head_dim, int64_t rotary, bool neox, const float* cosines,
               const float* sines);
  // gate[i] = silu(gate[i]) * up[i].
  void (*silu_mul)(float* gate, const float* up, int64_t n);
  // x[i] = gelu(x[i]), and gate[i] = gelu(gate[i]) * up[i], with the tanh form of GELU: x / (1 + exp(-2 u)) where
  // u = sqrt(2 / pi) * (x + 0.044715 x^3).
  void (*gelu)(float* x, int64_t n);
  void (*gelu_mul)(float* gate, const float* up, int64_t n);
  // gate[i] = g * sigmoid(1.702 g) * (u + 1) with g = min(gate[i], 7) and u = up[i] within [-7, 7].
  void (*clamped_swiglu)(float* gate, const float* up, int64_t n);
  // x[i] = 1 / (1 + exp(-x[i])), and x[i] = ln(1 + exp(x[i])).
  void (*sigmoid)(float* x, int64_t n);
  void (*softplus)(float* x, int64_t n);
  // x[i] = exp(x[i] - max) / sum of these.
  void (*softmax)(float* x, int64_t n);
  // GELU in its erf form, x Phi(x), alone and as a gate: kernels/constants.h.
  void (*gelu_erf)(float* x, int64_t n);
  void (*gelu_erf_mul)(float* gate, const float* up, int64_t n);
  // x[i] = max(0, x[i])^2.
  void (*relu_squared)(float* x, int64_t n);
  // x[i] *= factor, and x[i] *= y[i].
  void (*scale)(float* x, float factor, int64_t n);
  void (*multiply)(float* x, const float* y, int64_t n);
  // x[i] = cap * tanh(x[i] / cap), as cap * (2 / (1 + exp(-2 x / cap)) - 1).
  void (*softcap)(float* x, float cap, int64_t n);
  // y[i] += x[i], and y[i] = fma(factor, x[i], y[i]).
  void (*add)(float* y, const float* x, int64_t n);
  void (*add_scaled)(float* y, const float* x, float factor, int64_t n);
  void (*mix)(const MixArgs& args);
  // Where the first of the largest is; -1 where an element is NaN or plus infinity, or all are minus infinity.
  int64_t (*largest)(const float* x, int64_t n);
  // x[i] = x[i] / sqrt(sum of x^2 + epsilon).
  void (*l2_norm)(float* x, float epsilon, int64_t n);
  // x[i] = softplus(x[i] + bias[i]), and decays[i] = exp(rates[i] * x[i]) of that.
  void (*time_steps)(float* x, const float* bias, const float* rates, int64_t n, float* decays);
  void (*convolve)(const ConvolveArgs& args);
  void (*recur)(const RecurArgs& args);
};

// Bytes of the keys, or of the values, of a chunk of one KV head. REQUIRES: type is f16 or q8_0.
int64_t kv_chunk_size_bytes(ElementType type, int64_t head_dim);

// Bytes of a packed matrix; a multiple of 64. REQUIRES: inputs is a multiple of the type's block_elements.
size_t packed_size_bytes(ElementType type, int64_t outputs, int64_t inputs);

// Packs the panels [panel_begin, panel_end) of a row-major GGUF matrix. Panels are independent: any split over threads.
void pack_panels(ElementType type, int64_t outputs, int64_t inputs, const std::byte* rows, int64_t panel_begin,
                 int64_t panel_end, std::byte* packed);

// Whether matmuls of this weight type read the int8 form of the activations.
bool reads_quantized_activations(ElementType type);

// Tables that this machine can run, worst first; scalar is always there. A machine may have one and lack those before
// it: AVX-512 VNNI comes without AVX-VNNI, and the other way round.
std::span<const KernelTable* const> supported_kernel_tables();
// The best of those that have the bits of `scalar`.
const KernelTable& best_table_with_scalar_bits();
// The named table, or null when this machine or this build does not have it.
const KernelTable* find_kernel_table(std::string_view name);

// The arithmetic of the table avx512_bf16 on any machine: BF16 weights in plain loops, all else by the best table there
// is. What tests compare avx512_bf16 with.
const KernelTable& avx512_bf16_specification();
// The arithmetic of the table amx on any machine: prompt rows in plain loops, all else as the scalar table.
// What tests compare amx with.
const KernelTable& amx_specification();

// exp(x) for x <= 88 as every table computes it (scalar specification; relative error < 2e-7); 0 below -87.
float exp_approx(float x);

}  // namespace quire
