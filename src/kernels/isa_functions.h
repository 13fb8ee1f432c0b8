// What each instruction-set folder defines. Files of the same name hold the same functions.
#pragma once

#include "kernels/kernels.h"

// The members of a KernelTable but for matmul.
#define QUIRE_DECLARE_ROW_FUNCTIONS                                                                            \
  void quantize_activations(const QuantizeArgs& args);                                                         \
  void attention(const AttentionArgs& args);                                                                   \
  void kv_write(const KvWriteArgs& args);                                                                      \
  void rms_norm(const float* x, const float* weight, float epsilon, int64_t n, float* y);                      \
  void layer_norm(const float* x, const float* weight, const float* bias, float epsilon, int64_t n, float* y); \
  float mean_square(const float* x, int64_t n);                                                                \
  void keep_excess(float* x, float deviations, int64_t n);                                                     \
  void rope(float* heads, int64_t n_heads, int64_t head_dim, int64_t rotary, bool neox, const float* cosines,  \
            const float* sines);                                                                               \
  void silu_mul(float* gate, const float* up, int64_t n);                                                      \
  void gelu(float* x, int64_t n);                                                                              \
  void gelu_mul(float* gate, const float* up, int64_t n);                                                      \
  void clamped_swiglu(float* gate, const float* up, int64_t n);                                                \
  void sigmoid(float* x, int64_t n);                                                                           \
  void softplus(float* x, int64_t n);                                                                          \
  void softmax(float* x, int64_t n);                                                                           \
  void gelu_erf(float* x, int64_t n);                                                                          \
  void gelu_erf_mul(float* gate, const float* up, int64_t n);                                                  \
  void relu_squared(float* x, int64_t n);                                                                      \
  void scale(float* x, float factor, int64_t n);                                                               \
  void multiply(float* x, const float* y, int64_t n);                                                          \
  void softcap(float* x, float cap, int64_t n);                                                                \
  void add(float* y, const float* x, int64_t n);                                                               \
  void add_scaled(float* y, const float* x, float factor, int64_t n);                                          \
  void mix(const MixArgs& args);                                                                               \
  int64_t largest(const float* x, int64_t n);                                                                  \
  void l2_norm(float* x, float epsilon, int64_t n);                                                            \
  void time_steps(float* x, const float* bias, const float* rates, int64_t n, float* decays);                  \
  void convolve(const ConvolveArgs& args);                                                                     \
  void recur(const RecurArgs& args);

namespace quire::scalar {
void matmul(const MatmulArgs& args);
void round_activations(const float* x, int64_t rows, int64_t inputs, uint16_t* rounded);
void matmul_pairs(const MatmulArgs& args);  // BF16 weights and the activations' bf16 form
void round_to_bf16(const Bf16Args& args);
void matmul_bf16(const Bf16MatmulArgs& args);
QUIRE_DECLARE_ROW_FUNCTIONS
}  // namespace quire::scalar

namespace quire::avx2 {
void matmul(const MatmulArgs& args);
void matmul_float(const MatmulArgs& args);  // F32, F16 and BF16
QUIRE_DECLARE_ROW_FUNCTIONS
int64_t peak_f32(int64_t rounds);  // kernels/peaks.h
int64_t peak_int8(int64_t rounds);
}  // namespace quire::avx2

// All else is avx2's.
namespace quire::avx2_vnni {
void matmul(const MatmulArgs& args);
int64_t peak_int8(int64_t rounds);
}  // namespace quire::avx2_vnni

namespace quire::avx512 {
void matmul(const MatmulArgs& args);
void matmul_float(const MatmulArgs& args);
QUIRE_DECLARE_ROW_FUNCTIONS
int64_t peak_f32(int64_t rounds);
int64_t peak_int8(int64_t rounds);
}  // namespace quire::avx512

// All else is avx512's.
namespace quire::avx512_vnni {
void matmul(const MatmulArgs& args);
int64_t peak_int8(int64_t rounds);
}  // namespace quire::avx512_vnni

// All else is avx512_vnni's.
namespace quire::avx512_bf16 {
void round_activations(const float* x, int64_t rows, int64_t inputs, uint16_t* rounded);
void matmul(const MatmulArgs& args);
void matmul_pairs(const MatmulArgs& args);
int64_t peak_bf16(int64_t rounds);
}  // namespace quire::avx512_bf16

// All else is avx512_vnni's.
namespace quire::amx {
void matmul(const MatmulArgs& args);
void round_to_bf16(const Bf16Args& args);
void matmul_bf16(const Bf16MatmulArgs& args);
int64_t peak_int8(int64_t rounds);
int64_t peak_bf16(int64_t rounds);
}  // namespace quire::amx

namespace quire::neon {
void matmul(const MatmulArgs& args);
void matmul_float(const MatmulArgs& args);
QUIRE_DECLARE_ROW_FUNCTIONS
int64_t peak_f32(int64_t rounds);
int64_t peak_int8(int64_t rounds);
}  // namespace quire::neon

// All else is neon's.
namespace quire::neon_i8mm {
void matmul(const MatmulArgs& args);
int64_t peak_int8(int64_t rounds);
}  // namespace quire::neon_i8mm

#undef QUIRE_DECLARE_ROW_FUNCTIONS
