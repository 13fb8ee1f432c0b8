// What each instruction-set folder defines. Files of the same name hold the same functions.
// avx512_vnni shares all but the matmul with avx512.
#pragma once

#include "kernels/kernels.h"

namespace quire::scalar {
void matmul(const MatmulArgs& args);
void quantize_activations(const float* x, int64_t rows, int64_t inputs, int8_t* quants, float* scales,
                          int16_t* half_sums, float* group_sums);
void attention(const AttentionArgs& args);
void kv_write(const KvWriteArgs& args);
void rms_norm(const float* x, const float* weight, float epsilon, int64_t n, float* y);
void rope(float* heads, int64_t n_heads, int64_t head_dim, int64_t rotary, bool neox, const float* cosines,
          const float* sines);
void silu_mul(float* gate, const float* up, int64_t n);
void add(float* y, const float* x, int64_t n);
}  // namespace quire::scalar
