// Llama 1 to 3 and what shares their graph (Mistral, SmolLM, ...). The file's q and k rows are permuted so that the
// elements that turn together are neighbours.
#include "model/arch/architecture.h"
#include "model/weights.h"

namespace quire {
namespace {

void layer(const Step& step, const LayerWeights& weights, const KvView& kv) {
  Backend& on = step.on;

  on.norm(step.x, weights.attention_norm, step.config.norm_epsilon, step.h);
  on.matmul(step.h, RowsOf::step, {{weights.q, step.q}, {weights.k, step.k}, {weights.v, step.v}});
  on.rope(step.q, step.config.head_dim, RopePairs::neighbours);
  on.rope(step.k, step.config.head_dim, RopePairs::neighbours);
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

const Architecture llama_architecture = {.name = "llama", .layer = layer};

}  // namespace quire
