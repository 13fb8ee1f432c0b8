// All kernels, by the name of their entry point in the module: QUIRE_GPU_KERNELS those of every card, and beside them
// QUIRE_GPU_DOT_KERNELS those of cards without the tensor cores of compute capability 8.0, or QUIRE_GPU_TENSOR_KERNELS
// those of cards with them. Who needs them (the module, who launches them, tests) hands over a macro K(name, kernel).
#pragma once

#include "kernels/gpu/attention.h"
#include "kernels/gpu/elementwise.h"
#include "kernels/gpu/experts.h"
#include "kernels/gpu/kv.h"
#include "kernels/gpu/matmul_float.h"
#include "kernels/gpu/matmul_many.h"
#include "kernels/gpu/matmul_quantized.h"
#include "kernels/gpu/matmul_stream.h"
#include "kernels/gpu/quantize.h"
#include "kernels/gpu/recurrent.h"
#include "kernels/gpu/rows.h"
#include "kernels/gpu/streams.h"

// M(K, type) for one type of each packed layout: types with the same one have the same kernels (kernel_type).
#define QUIRE_GPU_WEIGHT_TYPES(M, K) \
  M(K, q8_0)                         \
  M(K, q4_0)                         \
  M(K, q5_0)                         \
  M(K, q4_1)                         \
  M(K, q5_1)                         \
  M(K, q4_k)                         \
  M(K, q5_k)                         \
  M(K, q6_k)                         \
  M(K, q3_k)                         \
  M(K, q2_k)                         \
  M(K, mxfp4)                        \
  M(K, nvfp4)                        \
  M(K, iq4_nl)                       \
  M(K, iq4_xs)                       \
  M(K, iq3_s)                        \
  M(K, iq3_xxs)                      \
  M(K, iq2_s)                        \
  M(K, iq1_m)                        \
  M(K, tq2_0)

#define QUIRE_GPU_ROW_KERNEL(K, type) K(matmul_##type##_row, MatmulStream<ElementType::type, 1>)
#define QUIRE_GPU_DOT_KERNEL(K, type) K(matmul_##type##_few, MatmulFew<ElementType::type, 8>)
#define QUIRE_GPU_TENSOR_KERNEL(K, type)                                                     \
  K(matmul_##type##_stream, MatmulStream<ElementType::type, stream_rows(ElementType::type)>) \
  K(matmul_##type##_many, MatmulMany<ElementType::type, 8>)

#define QUIRE_GPU_FLOAT_KERNELS(K, type)                    \
  K(matmul_##type##_few, MatmulFloatFew<ElementType::type>) \
  K(matmul_##type##_many, MatmulFloatMany<ElementType::type>)

// Of so many query heads that read the same keys and values.
#define QUIRE_GPU_ATTENTION_KERNELS(K, type, heads)                               \
  K(attention_walk_##type##_##heads, AttentionWalk<ElementType::type, heads>)     \
  K(attention_scores_##type##_##heads, AttentionScores<ElementType::type, heads>) \
  K(attention_values_##type##_##heads, AttentionValues<ElementType::type, heads>)

#define QUIRE_GPU_KERNELS(K)                     \
  K(add, Combine<Add>)                           \
  K(multiply, Combine<Multiply>)                 \
  K(silu_multiply, Combine<SiluMultiply>)        \
  K(gelu_multiply, Combine<GeluMultiply>)        \
  K(gelu_erf_multiply, Combine<GeluErfMultiply>) \
  K(clamped_swiglu, Combine<ClampedSwiglu>)      \
  K(gelu, Map<Gelu>)                             \
  K(gelu_erf, Map<GeluErf>)                      \
  K(relu_squared, Map<ReluSquared>)              \
  K(sigmoid, Map<Sigmoid>)                       \
  K(scale, Map<Scale>)                           \
  K(softcap, Map<Softcap>)                       \
  K(gate, Gate<GateItself>)                      \
  K(gate_sigmoid, Gate<GateSigmoid>)             \
  K(gate_softplus, Gate<GateSoftplus>)           \
  K(rms_norm, RmsNorm<WarpOfRow>)                \
  K(rms_norm_wide, RmsNorm<BlockOfRow>)          \
  K(layer_norm, LayerNorm<WarpOfRow>)            \
  K(layer_norm_wide, LayerNorm<BlockOfRow>)      \
  K(l2_norm, L2Norm)                             \
  K(rope, Rope)                                  \
  K(copy_heads, CopyHeads)                       \
  K(largest, Largest)                            \
  K(time_steps, TimeSteps)                       \
  K(mix, Mix)                                    \
  K(match_magnitude, MatchMagnitude)             \
  K(keep_excess, KeepExcess)                     \
  K(quantize, Quantize)                          \
  K(kv_write_f16, KvWriteF16)                    \
  K(kv_write_q8_0, KvWriteQ8_0)                  \
  K(split_stored, SplitHeads<StoredHalves>)      \
  K(split_query, SplitHeads<QueryHalves>)        \
  K(merge_heads, MergeHeads)                     \
  K(attention_weights, AttentionWeights)         \
  QUIRE_GPU_ATTENTION_KERNELS(K, f16, 1)         \
  QUIRE_GPU_ATTENTION_KERNELS(K, f16, 2)         \
  QUIRE_GPU_ATTENTION_KERNELS(K, f16, 4)         \
  QUIRE_GPU_ATTENTION_KERNELS(K, f16, 8)         \
  QUIRE_GPU_ATTENTION_KERNELS(K, q8_0, 1)        \
  QUIRE_GPU_ATTENTION_KERNELS(K, q8_0, 2)        \
  QUIRE_GPU_ATTENTION_KERNELS(K, q8_0, 4)        \
  QUIRE_GPU_ATTENTION_KERNELS(K, q8_0, 8)        \
  K(choose_experts, ChooseExperts)               \
  K(plan_experts, PlanExperts)                   \
  K(add_experts, AddExperts)                     \
  K(convolve, Convolve)                          \
  K(store_convolved, StoreConvolved)             \
  K(recur, Recur)                                \
  QUIRE_GPU_FLOAT_KERNELS(K, f32)                \
  QUIRE_GPU_FLOAT_KERNELS(K, f16)                \
  QUIRE_GPU_FLOAT_KERNELS(K, bf16)               \
  QUIRE_GPU_WEIGHT_TYPES(QUIRE_GPU_ROW_KERNEL, K)

#define QUIRE_GPU_DOT_KERNELS(K) QUIRE_GPU_WEIGHT_TYPES(QUIRE_GPU_DOT_KERNEL, K)
#define QUIRE_GPU_TENSOR_KERNELS(K) QUIRE_GPU_WEIGHT_TYPES(QUIRE_GPU_TENSOR_KERNEL, K)

namespace quire::gpu {

// The type whose kernels compute weights of this one.
constexpr ElementType kernel_type(ElementType type) {
  switch (type) {
    case ElementType::iq2_xs:
    case ElementType::iq2_xxs:
      return ElementType::iq2_s;
    case ElementType::iq1_s:
      return ElementType::iq1_m;
    case ElementType::tq1_0:
      return ElementType::tq2_0;
    default:
      return type;
  }
}

// Rows of a block of matmul_TYPE_stream, as many as shared memory has room for.
constexpr int stream_rows(ElementType type) { return type == ElementType::q2_k ? 8 : 16; }

}  // namespace quire::gpu
