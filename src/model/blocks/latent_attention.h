// Latent attention: queries meet one latent row a token, whatever the number of heads.
// Source: DeepSeek-V2 (2024), section 2.1, in the form in which keys' and values' matrices are absorbed.
#pragma once

#include <cstdint>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/norm.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

// W is (outputs, inputs), a stack (heads, outputs, inputs). What its configuration does not have is empty.
struct LatentAttention {
  // Tensors attn_q or attn_q_a, attn_q_a_norm and attn_q_b, attn_kv_a_mqa, attn_kv_a_norm, attn_k_b and attn_v_b or
  // attn_kv_b, attn_output of a layer.
  static Result<LatentAttention> read(TensorReader& layer, const LatentAttentionConfig& config, int64_t width);

  // y = attention of x, whose latents go to kv. y may be x.
  void compute(const Step& step, const KvView& kv, Rows x, Rows y) const;
  int64_t products() const;  // multiply-adds with weights, a row

  LatentAttentionConfig config;
  Matrix q_latent;  // (query_rank, width)
  Norm q_norm;      // (query_rank)
  Matrix q;         // (heads * query_dim, query_rank or width)
  Matrix latent;    // (latent_dim, width)
  Matrix turning;   // (rope_dim, width): the part of a token's row that turns
  Norm kv_norm;     // (latent_dim)
  Matrix keys;      // (heads, latent_dim, plain_dim): what a query is multiplied by instead of the latents
  Matrix values;    // (heads, value_dim, latent_dim)
  Matrix output;    // (width, heads * value_dim)

 private:
  Result<void> read_queries(TensorReader& layer, int64_t width);
  Result<void> read_rows(TensorReader& layer, int64_t width);
  Result<void> read_heads(TensorReader& layer);
  // What heads ask and the token's own row, both before they turn.
  void project(const Step& step, Rows x, Rows queries, Rows latents, Rows turning_rows) const;
  // Heads' queries as they meet rows of tokens.
  void absorb(const Step& step, Rows queries, Rows absorbed) const;
};

void widen(RowWidths& widths, const LatentAttentionConfig& config);

}  // namespace quire
