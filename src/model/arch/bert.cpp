// BERT and what shares its graph: XLM-R, MiniLM, BGE, E5, Arctic; under names of their own Nomic's and Jina's third.
// Positions, but in these two, and the type of a text's tokens are learned rows that are added to the embedding; norms
// are of the sum behind each block; the FFN is GELU without a gate, but Nomic's SiLU with one.
#include <algorithm>

#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::halves;
  config.embedding.norm = EmbeddingNorm::weighted;
  if (const gguf::TensorSpec* const types = keys.tensor("token_types.weight")) {
    config.embedding.token_types = types->shape[1];
  }
  if (const gguf::TensorSpec* const positions = keys.tensor("position_embd.weight")) {
    config.embedding.positions = true;
    config.embedding_row_bytes =
        std::max(config.embedding_row_bytes, row_size_bytes(positions->type, positions->shape[0]));
    attention.rope = no_rope;
    config.ropes.clear();
  }
  ffn.gated = keys.has_tensor("blk.0.ffn_gate.weight");
  if (!ffn.gated) ffn.activation = Activation::gelu_erf;
  config.output_norm = {};
  for (LayerConfig& layer : config.layers) layer = sum_norm_layer(attention, ffn);
  return {};
}

// In the second of each moe_every_n_layers layers the FFN is a mixture of experts, whose weights are their scores as
// they are.
Result<void> describe_with_experts(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY_VOID(describe(keys, config));
  QUIRE_TRY(const int64_t period, keys.count("moe_every_n_layers", layers_max));
  for (int64_t i = 0; i < config.layer_count(); ++i) {
    if (i % period != 1) continue;
    QUIRE_TRY(ExpertsConfig experts, read_experts(keys, {}, i));
    experts.gated = false;
    experts.activation = Activation::gelu_erf;
    config.layers[static_cast<size_t>(i)].branches.back().blocks = {experts};
  }
  return {};
}

}  // namespace

const Architecture bert_architecture = {
    .name = "bert", .norm = NormKind::layer, .whole_texts = true, .describe = describe};
const Architecture nomic_bert_architecture = {
    .name = "nomic-bert", .norm = NormKind::layer, .whole_texts = true, .describe = describe};
const Architecture nomic_bert_moe_architecture = {
    .name = "nomic-bert-moe", .norm = NormKind::layer, .whole_texts = true, .describe = describe_with_experts};
const Architecture jina_bert_v3_architecture = {
    .name = "jina-bert-v3", .norm = NormKind::layer, .whole_texts = true, .describe = describe};

}  // namespace quire
