// Qwen 2 and 2.5: q, k and v have biases; the halves of a head turn together.
#include "model/arch/architecture.h"
#include "model/weights.h"

namespace quire {
namespace {

void layer(const Step& step, const LayerWeights& weights, const KvView& kv) {
  Backend& on = step.on;

  on.norm(step.x, weights.attention_norm, step.config.norm_epsilon, step.h);
  on.matmul(step.h, RowsOf::step, {{weights.q, step.q}, {weights.k, step.k}, {weights.v, step.v}});
  on.add_bias(step.q, weights.q_bias);
  on.add_bias(step.k, weights.k_bias);
  on.add_bias(step.v, weights.v_bias);
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

const Architecture qwen2_architecture = {.name = "qwen2", .has_qkv_bias = true, .layer = layer};

}  // namespace quire
