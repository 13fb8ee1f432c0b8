// Qwen 3: every head of q and k is normalized before it turns; the halves of a head turn together.
#include "model/arch/architecture.h"
#include "model/weights.h"

namespace quire {
namespace {

// (rows, heads * head_dim) as (rows * heads, head_dim).
Rows heads_of(Rows rows, int64_t head_dim) {
  return {.values = rows.values, .count = rows.count * (rows.width / head_dim), .width = head_dim};
}

void layer(const Step& step, const LayerWeights& weights, const KvView& kv) {
  Backend& on = step.on;
  const Rows q_heads = heads_of(step.q, step.config.head_dim);
  const Rows k_heads = heads_of(step.k, step.config.head_dim);

  on.norm(step.x, weights.attention_norm, step.config.norm_epsilon, step.h);
  on.matmul(step.h, RowsOf::step, {{weights.q, step.q}, {weights.k, step.k}, {weights.v, step.v}});
  on.norm(q_heads, weights.q_norm, step.config.norm_epsilon, q_heads);
  on.norm(k_heads, weights.k_norm, step.config.norm_epsilon, k_heads);
  on.rope(step.q, step.config.head_dim, RopePairs::halves);
  on.rope(step.k, step.config.head_dim, RopePairs::halves);
  on.kv_write(kv, step.k, step.v);
  on.attention(kv, step.config.attention_scale, step.q, step.attended);
  on.matmul(step.attended, RowsOf::step, {{weights.attention_output, step.h}});
  on.add(step.x, step.h);

  on.norm(step.x, weights.ffn_norm, step.config.norm_epsilon, step.h);
  on.matmul(step.h, RowsOf::step, {{weights.gate, step.gate}, {weights.up, step.up}});
  on.silu_mul(step.gate, step.up);
  on.matmul(step.gate, RowsOf::step, {{weights.down, step.h}});
  on.add(step.x, step.h);
}

}  // namespace

const Architecture qwen3_architecture = {.name = "qwen3", .has_qk_norm = true, .layer = layer};

}  // namespace quire
