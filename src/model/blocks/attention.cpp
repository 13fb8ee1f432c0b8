#include "model/blocks/attention.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>
#include <vector>

namespace quire {

// A projection of x: attn_NAME.{weight,bias}, or rows of attn_qkv.
struct Attention::Projected {
  std::string_view name;
  int64_t outputs = 0;
  Matrix* weights = nullptr;
  DeviceVector* bias = nullptr;
};

std::vector<Attention::Projected> Attention::projected() {
  std::vector<Projected> parts = {
      {"attn_q", config.gate_beside_q ? 2 * config.q_width() : config.q_width(), &q, &q_bias}};
  if (config.makes_kv()) parts.push_back({"attn_k", config.kv_width(), &k, &k_bias});
  if (config.projects_values()) parts.push_back({"attn_v", config.kv_width(), &v, &v_bias});
  return parts;
}

Result<void> Attention::read_projections(TensorReader& layer, int64_t width) {
  const std::vector<Projected> parts = projected();
  std::vector<int64_t> outputs;
  for (const Projected& part : parts) outputs.push_back(part.outputs);
  if (config.fused) {
    QUIRE_TRY(const std::vector<Matrix> matrices, layer.matrices("attn_qkv.weight", outputs, width));
    for (size_t i = 0; i < parts.size(); ++i) *parts[i].weights = matrices[i];
  } else {
    for (const Projected& part : parts) {
      QUIRE_TRY(*part.weights, layer.matrix(fmt::format("{}.weight", part.name), part.outputs, width));
    }
  }
  if (!config.qkv_bias) return {};
  if (config.fused) {
    const int64_t size = std::accumulate(outputs.begin(), outputs.end(), int64_t{0});
    QUIRE_TRY(const DeviceVector bias, layer.vector("attn_qkv.bias", size));
    int64_t begin = 0;
    for (const Projected& part : parts) {
      *part.bias = part_of(bias, begin, part.outputs);
      begin += part.outputs;
    }
  } else {
    for (const Projected& part : parts) {
      QUIRE_TRY(*part.bias, layer.vector(fmt::format("{}.bias", part.name), part.outputs));
    }
  }
  return {};
}

Result<void> Attention::read_norms(TensorReader& layer) {
  if (config.makes_kv() && config.values != Values::projected) {
    QUIRE_TRY(const DeviceVector ones, layer.ones(config.head_dim));
    v_norm = Norm{.config = config.norm, .weight = ones, .bias = {}};
  }
  if (config.head_norms == HeadNorms::none) return {};
  const bool whole = config.head_norms == HeadNorms::whole_row;
  const bool own = config.head_norms == HeadNorms::own_heads;
  const int64_t heads = whole ? config.heads : 1, kv_heads = whole ? config.kv_heads : 1;
  QUIRE_TRY(q_norm, Norm::read(layer, "attn_q_norm", config.norm, heads * config.head_dim, own ? config.heads : 1));
  if (!config.makes_kv()) return {};
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
  if (config.gate && !config.gate_beside_q) {
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
  if (config.makes_kv()) k_norm.compute(on, k_rows, k_rows);
}

void Attention::make_values(Backend& on, Rows k_rows, Rows v_rows) const {
  if (config.values == Values::projected || !config.makes_kv()) return;
  const Rows from = config.values == Values::keys_normed ? k_rows : v_rows;
  v_norm.compute(on, heads_of(from, config.head_dim), heads_of(v_rows, config.head_dim));
}

void Attention::compute(const Step& step, const KvView& kv, Rows x, Rows y) const {
  Backend& on = step.on;
  const Rows q_rows = step.rows(step.q, config.q_width());
  const Rows k_rows = step.rows(step.k, config.kv_width());
  const Rows v_rows = step.rows(step.v, config.kv_width());
  const Rows attended = step.rows(step.attended, config.q_width());
  const Rows gate_rows = step.rows(step.gate, config.gate_width);
  if (config.gate_beside_q) {
    const Rows both = step.rows(step.up, 2 * config.q_width());
    on.matmul(x, RowsOf::step, {{q, both}, {k, k_rows}, {v, v_rows}});
    on.split_heads(both, config.head_dim, q_rows, gate_rows);
  } else {
    on.matmul(x, RowsOf::step, {{q, q_rows}, {k, k_rows}, {v, v_rows}, {gate, gate_rows}});
  }
  if (config.qkv_bias) {
    on.add_bias(q_rows, q_bias);
    if (config.makes_kv()) on.add_bias(k_rows, k_bias);
    if (config.projects_values()) on.add_bias(v_rows, v_bias);
  }
  make_values(on, k_rows, v_rows);
  if (!config.norms_turned) norm_heads(on, q_rows, k_rows);
  if (config.rope != no_rope) {
    on.rope(q_rows, config.head_dim, config.rope, config.pairs);
    if (config.makes_kv()) on.rope(k_rows, config.head_dim, config.rope, config.pairs);
  }
  if (config.norms_turned) norm_heads(on, q_rows, k_rows);
  if (config.has_temperature) on.scale_rows(q_rows);
  if (config.makes_kv()) on.kv_write(kv, k_rows, v_rows);
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
  if (config.makes_kv()) widths.kv = std::max(widths.kv, config.kv_width());
  widths.ffn = std::max(widths.ffn, config.gate_beside_q ? 2 * config.q_width() : config.gate_width);
}

}  // namespace quire
