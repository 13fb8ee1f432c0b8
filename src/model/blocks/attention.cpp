#include "model/blocks/attention.h"

#include <algorithm>
#include <array>
#include <vector>

namespace quire {
namespace {

// (rows, heads * head_dim) as (rows * heads, head_dim).
Rows heads_of(Rows rows, int64_t head_dim) {
  return {.values = rows.values, .count = rows.count * (rows.width / head_dim), .width = head_dim};
}

DeviceVector part_of(const DeviceVector& vector, int64_t begin, int64_t size) {
  return {.values = vector.values + begin * static_cast<int64_t>(sizeof(float)), .size = size};
}

}  // namespace

Result<void> Attention::read_projections(TensorReader& layer, int64_t width) {
  const std::array<int64_t, 3> outputs = {config.q_width(), config.kv_width(), config.kv_width()};
  if (config.fused) {
    QUIRE_TRY(const std::vector<Matrix> parts, layer.matrices("attn_qkv.weight", outputs, width));
    q = parts[0], k = parts[1], v = parts[2];
  } else {
    QUIRE_TRY(q, layer.matrix("attn_q.weight", outputs[0], width));
    QUIRE_TRY(k, layer.matrix("attn_k.weight", outputs[1], width));
    QUIRE_TRY(v, layer.matrix("attn_v.weight", outputs[2], width));
  }
  if (!config.qkv_bias) return {};
  if (config.fused) {
    QUIRE_TRY(const DeviceVector bias, layer.vector("attn_qkv.bias", outputs[0] + outputs[1] + outputs[2]));
    q_bias = part_of(bias, 0, outputs[0]);
    k_bias = part_of(bias, outputs[0], outputs[1]);
    v_bias = part_of(bias, outputs[0] + outputs[1], outputs[2]);
  } else {
    QUIRE_TRY(q_bias, layer.vector("attn_q.bias", outputs[0]));
    QUIRE_TRY(k_bias, layer.vector("attn_k.bias", outputs[1]));
    QUIRE_TRY(v_bias, layer.vector("attn_v.bias", outputs[2]));
  }
  return {};
}

Result<void> Attention::read_norms(TensorReader& layer) {
  if (config.head_norms == HeadNorms::none) return {};
  const bool whole = config.head_norms == HeadNorms::whole_row;
  const bool own = config.head_norms == HeadNorms::own_heads;
  const int64_t heads = whole ? config.heads : 1, kv_heads = whole ? config.kv_heads : 1;
  QUIRE_TRY(q_norm, Norm::read(layer, "attn_q_norm", config.norm, heads * config.head_dim, own ? config.heads : 1));
  QUIRE_TRY(k_norm,
            Norm::read(layer, "attn_k_norm", config.norm, kv_heads * config.head_dim, own ? config.kv_heads : 1));
  return {};
}

Result<Attention> Attention::read(TensorReader& layer, const AttentionConfig& config, int64_t width) {
  Attention block;
  block.config = config;
  QUIRE_TRY_VOID(block.read_projections(layer, width));
  QUIRE_TRY_VOID(block.read_norms(layer));
  if (config.sinks) {
    QUIRE_TRY(block.sinks, layer.vector("attn_sinks.weight", config.heads));
  }
  if (config.gate) {
    QUIRE_TRY(block.gate, layer.matrix("attn_gate.weight", config.gate_width, width));
  }
  QUIRE_TRY(block.output, layer.matrix("attn_output.weight", width, config.q_width()));
  if (config.output_bias) {
    QUIRE_TRY(block.output_bias, layer.vector("attn_output.bias", width));
  }
  return block;
}

void Attention::norm_heads(Backend& on, Rows q_rows, Rows k_rows) const {
  if (config.head_norms == HeadNorms::none) return;
  if (config.head_norms != HeadNorms::whole_row) {
    q_rows = heads_of(q_rows, config.head_dim);
    k_rows = heads_of(k_rows, config.head_dim);
  }
  q_norm.compute(on, q_rows, q_rows);
  k_norm.compute(on, k_rows, k_rows);
}

void Attention::compute(const Step& step, const KvView& kv, Rows x, Rows y) const {
  Backend& on = step.on;
  const Rows q_rows = step.rows(step.q, config.q_width());
  const Rows k_rows = step.rows(step.k, config.kv_width());
  const Rows v_rows = step.rows(step.v, config.kv_width());
  const Rows attended = step.rows(step.attended, config.q_width());

  const Rows gate_rows = step.rows(step.gate, config.gate_width);
  if (config.gate) {
    on.matmul(x, RowsOf::step, {{q, q_rows}, {k, k_rows}, {v, v_rows}, {gate, gate_rows}});
  } else {
    on.matmul(x, RowsOf::step, {{q, q_rows}, {k, k_rows}, {v, v_rows}});
  }
  if (config.qkv_bias) {
    on.add_bias(q_rows, q_bias);
    on.add_bias(k_rows, k_bias);
    on.add_bias(v_rows, v_bias);
  }
  if (!config.norms_turned) norm_heads(on, q_rows, k_rows);
  if (config.rope != no_rope) {
    on.rope(q_rows, config.head_dim, config.rope, config.pairs);
    on.rope(k_rows, config.head_dim, config.rope, config.pairs);
  }
  if (config.norms_turned) norm_heads(on, q_rows, k_rows);
  if (config.has_temperature) on.scale_rows(q_rows);
  if (config.kv_of == own_kv) on.kv_write(kv, k_rows, v_rows);
  on.attention(kv, {.shape = config.shape, .scale = config.scale, .softcap = config.softcap, .sinks = sinks.values},
               q_rows, attended);
  if (config.gate) on.gate_rows(attended, gate_rows, *config.gate);
  on.matmul(attended, RowsOf::step, {{output, y}});
  if (config.output_bias) on.add_bias(y, output_bias);
}

int64_t Attention::products() const {
  return products_of(q) + products_of(k) + products_of(v) + products_of(gate) + products_of(output);
}

void widen(RowWidths& widths, const AttentionConfig& config) {
  widths.q = std::max(widths.q, config.q_width());
  widths.kv = std::max(widths.kv, config.kv_width());
  widths.ffn = std::max(widths.ffn, config.gate_width);
}

}  // namespace quire
