#include "model/blocks/attention.h"

#include <algorithm>

namespace quire {
namespace {

// (rows, heads * head_dim) as (rows * heads, head_dim).
Rows heads_of(Rows rows, int64_t head_dim) {
  return {.values = rows.values, .count = rows.count * (rows.width / head_dim), .width = head_dim};
}

}  // namespace

Result<Attention> Attention::read(TensorReader& layer, const AttentionConfig& config, int64_t width) {
  Attention block{.config = config};
  QUIRE_TRY(block.q, layer.matrix("attn_q.weight", config.q_width(), width));
  QUIRE_TRY(block.k, layer.matrix("attn_k.weight", config.kv_width(), width));
  QUIRE_TRY(block.v, layer.matrix("attn_v.weight", config.kv_width(), width));
  if (config.qkv_bias) {
    QUIRE_TRY(block.q_bias, layer.vector("attn_q.bias", config.q_width()));
    QUIRE_TRY(block.k_bias, layer.vector("attn_k.bias", config.kv_width()));
    QUIRE_TRY(block.v_bias, layer.vector("attn_v.bias", config.kv_width()));
  }
  if (config.head_norms == HeadNorms::each_head) {
    QUIRE_TRY(block.q_norm, layer.vector("attn_q_norm.weight", config.head_dim));
    QUIRE_TRY(block.k_norm, layer.vector("attn_k_norm.weight", config.head_dim));
  }
  QUIRE_TRY(block.output, layer.matrix("attn_output.weight", width, config.q_width()));
  return block;
}

void Attention::compute(const Step& step, const KvView& kv, Rows x, Rows y) const {
  Backend& on = step.on;
  const Rows q_rows = step.rows(step.q, config.q_width());
  const Rows k_rows = step.rows(step.k, config.kv_width());
  const Rows v_rows = step.rows(step.v, config.kv_width());
  const Rows attended = step.rows(step.attended, config.q_width());

  on.matmul(x, RowsOf::step, {{q, q_rows}, {k, k_rows}, {v, v_rows}});
  if (config.qkv_bias) {
    on.add_bias(q_rows, q_bias);
    on.add_bias(k_rows, k_bias);
    on.add_bias(v_rows, v_bias);
  }
  if (config.head_norms == HeadNorms::each_head) {
    on.norm(heads_of(q_rows, config.head_dim), q_norm, step.norm_epsilon, heads_of(q_rows, config.head_dim));
    on.norm(heads_of(k_rows, config.head_dim), k_norm, step.norm_epsilon, heads_of(k_rows, config.head_dim));
  }
  on.rope(q_rows, config.head_dim, config.rope, config.pairs);
  on.rope(k_rows, config.head_dim, config.rope, config.pairs);
  on.kv_write(kv, k_rows, v_rows);
  on.attention(kv, {.shape = config.shape, .scale = config.scale}, q_rows, attended);
  on.matmul(attended, RowsOf::step, {{output, y}});
}

int64_t Attention::products() const { return products_of(q) + products_of(k) + products_of(v) + products_of(output); }

void widen(RowWidths& widths, const AttentionConfig& config) {
  widths.q = std::max(widths.q, config.q_width());
  widths.kv = std::max(widths.kv, config.kv_width());
}

}  // namespace quire
