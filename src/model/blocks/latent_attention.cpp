#include "model/blocks/latent_attention.h"

#include <algorithm>
#include <array>
#include <vector>

namespace quire {

Result<void> LatentAttention::read_queries(TensorReader& layer, int64_t width) {
  const int64_t outputs = config.heads * config.query_dim();
  if (config.query_rank == 0) {
    QUIRE_TRY(q, layer.matrix("attn_q.weight", outputs, width));
    return {};
  }
  QUIRE_TRY(q_latent, layer.matrix("attn_q_a.weight", config.query_rank, width));
  QUIRE_TRY(q_norm, Norm::read(layer, "attn_q_a_norm", config.norm, config.query_rank));
  QUIRE_TRY(q, layer.matrix("attn_q_b.weight", outputs, config.query_rank));
  return {};
}

Result<void> LatentAttention::read_rows(TensorReader& layer, int64_t width) {
  const std::array<int64_t, 2> outputs = {config.latent_dim, config.rope_dim};
  QUIRE_TRY(const std::vector<Matrix> parts, layer.matrices("attn_kv_a_mqa.weight", outputs, width));
  latent = parts[0], turning = parts[1];
  QUIRE_TRY(kv_norm, Norm::read(layer, "attn_kv_a_norm", config.norm, config.latent_dim));
  return {};
}

Result<void> LatentAttention::read_heads(TensorReader& layer) {
  if (config.joined) {
    QUIRE_TRY(const SplitHeads split, layer.split_heads("attn_kv_b.weight", config.heads, config.plain_dim,
                                                        config.value_dim, config.latent_dim));
    keys = split.transposed, values = split.rest;
    return {};
  }
  QUIRE_TRY(keys, layer.stack("attn_k_b.weight", config.heads, config.latent_dim, config.plain_dim));
  QUIRE_TRY(values, layer.stack("attn_v_b.weight", config.heads, config.value_dim, config.latent_dim));
  return {};
}

Result<LatentAttention> LatentAttention::read(TensorReader& layer, const LatentAttentionConfig& config, int64_t width) {
  LatentAttention block;
  block.config = config;
  QUIRE_TRY_VOID(block.read_queries(layer, width));
  QUIRE_TRY_VOID(block.read_rows(layer, width));
  QUIRE_TRY_VOID(block.read_heads(layer));
  QUIRE_TRY(block.output, layer.matrix("attn_output.weight", width, config.heads * config.value_dim));
  return block;
}

void LatentAttention::project(const Step& step, Rows x, Rows queries, Rows latents, Rows turning_rows) const {
  Backend& on = step.on;
  if (config.query_rank > 0) {
    const Rows own = step.rows(step.up, config.query_rank);
    on.matmul(x, RowsOf::step, {{q_latent, own}, {latent, latents}, {turning, turning_rows}});
    q_norm.compute(on, own, own);
    on.matmul(own, RowsOf::step, {{q, queries}});
  } else {
    on.matmul(x, RowsOf::step, {{q, queries}, {latent, latents}, {turning, turning_rows}});
  }
  kv_norm.compute(on, latents, latents);
}

void LatentAttention::absorb(const Step& step, Rows queries, Rows absorbed) const {
  Backend& on = step.on;
  const int64_t query_dim = config.query_dim(), row_dim = config.row_dim();
  const HeadParts plain{.rows = queries, .stride = query_dim, .first = 0, .size = config.plain_dim};
  const HeadParts turned{.rows = queries, .stride = query_dim, .first = config.plain_dim, .size = config.rope_dim};
  const HeadParts alone{.rows = step.rows(step.up, config.heads * config.rope_dim),
                        .stride = config.rope_dim,
                        .first = 0,
                        .size = config.rope_dim};
  on.matmul_heads(plain, keys, {.rows = absorbed, .stride = row_dim, .first = 0, .size = config.latent_dim});
  on.copy_heads(turned, alone);
  on.rope(alone.rows, config.rope_dim, config.rope, RopePairs::neighbours);
  on.copy_heads(alone, {.rows = absorbed, .stride = row_dim, .first = config.latent_dim, .size = config.rope_dim});
}

void LatentAttention::compute(const Step& step, const KvView& kv, Rows x, Rows y) const {
  Backend& on = step.on;
  const Rows queries = step.rows(step.gate, config.heads * config.query_dim());
  const Rows latents = step.rows(step.k, config.latent_dim);
  const Rows turning_rows = step.rows(step.v, config.rope_dim);
  const Rows absorbed = step.rows(step.q, config.heads * config.row_dim());
  const Rows attended = step.rows(step.attended, config.heads * config.latent_dim);

  project(step, x, queries, latents, turning_rows);
  on.rope(turning_rows, config.rope_dim, config.rope, RopePairs::neighbours);
  on.kv_write(kv, latents, turning_rows);
  if (config.has_temperature) on.scale_rows(queries);
  absorb(step, queries, absorbed);
  on.attention(kv, {.shape = config.shape, .scale = config.scale, .softcap = 0.0F, .sinks = {}}, absorbed, attended);
  const Rows given = step.rows(step.gate, config.heads * config.value_dim);
  on.matmul_heads({.rows = attended, .stride = config.latent_dim, .first = 0, .size = config.latent_dim}, values,
                  {.rows = given, .stride = config.value_dim, .first = 0, .size = config.value_dim});
  on.matmul(given, RowsOf::step, {{output, y}});
}

int64_t LatentAttention::products() const {
  return products_of(q_latent) + products_of(q) + products_of(latent) + products_of(turning) + products_of(output) +
         config.heads * (products_of(keys) + products_of(values));
}

void widen(RowWidths& widths, const LatentAttentionConfig& config) {
  const int64_t heads = config.heads;
  widths.q = std::max(widths.q, heads * config.row_dim());
  widths.kv = std::max(widths.kv, config.row_dim());
  widths.ffn = std::max({widths.ffn, heads * config.query_dim(), heads * config.value_dim, config.query_rank});
  widths.heads_input = std::max({widths.heads_input, heads * config.plain_dim, heads * config.latent_dim});
}

}  // namespace quire
