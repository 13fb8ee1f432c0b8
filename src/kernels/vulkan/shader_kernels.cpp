#include "kernels/gpu/kernel_list.h"
#include "kernels/vulkan/shaders.h"

namespace quire::gpu {
namespace {

// As packed.glsl numbers the tables of codes; its kinds of scales are packed::Scales.
constexpr uint32_t codes_of(const packed::Quants& quants) {
  constexpr const uint8_t* tables[] = {
      nullptr,           packed::iq4_codes, packed::fp4_codes, packed::iq3_s_codes, packed::iq3_xxs_codes,
      packed::iq2_codes, packed::iq1_codes};
  uint32_t number = 0;
  while (tables[number] != quants.codes) ++number;
  return number;
}

constexpr KernelConstants matmul_constants(ElementType type, uint32_t tile_rows) {
  const packed::Layout& layout = packed::layout_of(type);
  return {tile_rows, static_cast<uint32_t>(layout.quants.bits), static_cast<uint32_t>(word_offset(layout.quants)),
          codes_of(layout.quants), static_cast<uint32_t>(layout.scales)};
}

#define QUIRE_MATMUL(K, type)                                                           \
  {"matmul_" #type "_row", "matmul_quantized", matmul_constants(ElementType::type, 1)}, \
      {"matmul_" #type "_few", "matmul_quantized", matmul_constants(ElementType::type, 8)},

#define QUIRE_ATTENTION_OF(type, heads)                                               \
  {"attention_walk_" #type "_" #heads, "attention_walk", {in_##type, heads}},         \
      {"attention_scores_" #type "_" #heads, "attention_scores", {in_##type, heads}}, \
      {"attention_values_" #type "_" #heads, "attention_values", {in_##type, heads}},

#define QUIRE_ATTENTION(type) \
  QUIRE_ATTENTION_OF(type, 1) QUIRE_ATTENTION_OF(type, 2) QUIRE_ATTENTION_OF(type, 4) QUIRE_ATTENTION_OF(type, 8)

constexpr uint32_t task_rows = 4, wide_rows = 1;  // of a block of norm.comp
constexpr uint32_t in_f16 = 0, in_q8_0 = 1;

constexpr ShaderKernel kernels[] = {{"add", "combine", {0}},
                                    {"multiply", "combine", {1}},
                                    {"silu_multiply", "combine", {2}},
                                    {"gelu_multiply", "combine", {3}},
                                    {"gelu_erf_multiply", "combine", {4}},
                                    {"clamped_swiglu", "combine", {5}},
                                    {"gelu", "map", {0}},
                                    {"gelu_erf", "map", {1}},
                                    {"relu_squared", "map", {2}},
                                    {"sigmoid", "map", {3}},
                                    {"scale", "map", {4}},
                                    {"softcap", "map", {5}},
                                    {"gate", "gate", {0}},
                                    {"gate_sigmoid", "gate", {1}},
                                    {"gate_softplus", "gate", {2}},
                                    {"rms_norm", "norm", {task_rows, 0}},
                                    {"rms_norm_wide", "norm", {wide_rows, 0}},
                                    {"layer_norm", "norm", {task_rows, 1}},
                                    {"layer_norm_wide", "norm", {wide_rows, 1}},
                                    {"l2_norm", "l2_norm"},
                                    {"rope", "rope"},
                                    {"copy_heads", "copy_heads"},
                                    {"largest", "largest"},
                                    {"time_steps", "time_steps"},
                                    {"mix", "mix"},
                                    {"match_magnitude", "match_magnitude"},
                                    {"keep_excess", "keep_excess"},
                                    {"quantize", "quantize"},
                                    {"kv_write_f16", "kv_write_f16", {in_f16}},
                                    {"kv_write_q8_0", "kv_write_q8_0", {in_q8_0}},
                                    {"split_stored", "split_heads", {0}},
                                    {"split_query", "split_heads", {1}},
                                    {"merge_heads", "split_heads", {2}},
                                    {"attention_weights", "attention_weights"},
                                    QUIRE_ATTENTION(f16) QUIRE_ATTENTION(q8_0){"choose_experts", "choose_experts"},
                                    {"plan_experts", "plan_experts"},
                                    {"add_experts", "add_experts"},
                                    {"convolve", "convolve"},
                                    {"store_convolved", "store_convolved"},
                                    {"recur", "recur"},
                                    {"matmul_f32_few", "matmul_float", {0}},
                                    {"matmul_f16_few", "matmul_float", {1}},
                                    {"matmul_bf16_few", "matmul_float", {2}},
                                    QUIRE_GPU_WEIGHT_TYPES(QUIRE_MATMUL, )};

}  // namespace

std::span<const ShaderKernel> shader_kernels() { return kernels; }

}  // namespace quire::gpu
