// Falcon-H1: attention and Mamba 2 beside each other, which read one norm; its many scales are in the file's weights.
#include "model/arch/architecture.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::halves;
  QUIRE_TRY(Mamba2Config mamba, read_mamba2(keys, config));
  mamba.convolution_bias = keys.has_tensor("blk.0.ssm_conv1d.bias");
  mamba.normed = keys.has_tensor("blk.0.ssm_norm.weight");
  for (LayerConfig& layer : config.layers) {
    layer = {.branches = {{.norm = "attn_norm", .blocks = {attention, mamba}}, {.norm = "ffn_norm", .blocks = {ffn}}}};
  }
  return {};
}

}  // namespace

const Architecture falcon_h1_architecture = {.name = "falcon-h1", .describe = describe};

}  // namespace quire
