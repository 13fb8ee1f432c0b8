// The model families, as data: each says in its own file what its layers are made of, in the order of its diagram.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/config.h"
#include "model/keys.h"

namespace quire {

struct Architecture {
  std::string_view name;  // as general.architecture says
  NormKind norm = NormKind::rms;
  bool whole_texts = false;  // where attention.causal does not say it
  // Its MTP block has the form of the last layer that attends, and reads states behind the output norm, its own too.
  bool predicts = false;
  // Fills config.ropes and config.layers, of which there are as many as the file has. What every architecture has is
  // there already (width, vocabulary, epsilon ...).
  Result<void> (*describe)(const Keys& keys, ModelConfig& config);
};

// A file each.
extern const Architecture bert_architecture;
extern const Architecture cohere2_architecture;
extern const Architecture command_r_architecture;
extern const Architecture deepseek2_architecture;
extern const Architecture ernie4_5_architecture;
extern const Architecture exaone4_architecture;
extern const Architecture falcon_h1_architecture;
extern const Architecture gemma2_architecture;
extern const Architecture gemma3_architecture;
extern const Architecture gemma3n_architecture;
extern const Architecture gemma4_architecture;
extern const Architecture gemma_embedding_architecture;
extern const Architecture glm4_architecture;
extern const Architecture glm4moe_architecture;
extern const Architecture gpt_oss_architecture;
extern const Architecture granite_architecture;
extern const Architecture granitehybrid_architecture;
extern const Architecture granitemoe_architecture;
extern const Architecture hunyuan_dense_architecture;
extern const Architecture internlm2_architecture;
extern const Architecture jina_bert_v3_architecture;
extern const Architecture laguna_architecture;
extern const Architecture lfm2_architecture;
extern const Architecture lfm2moe_architecture;
extern const Architecture llama_architecture;
extern const Architecture minimax_m2_architecture;
extern const Architecture mistral3_architecture;
extern const Architecture mistral4_architecture;
extern const Architecture modern_bert_architecture;
extern const Architecture muse_glimmer_architecture;
extern const Architecture nemotron_h_architecture;
extern const Architecture nemotron_h_moe_architecture;
extern const Architecture nomic_bert_architecture;
extern const Architecture nomic_bert_moe_architecture;
extern const Architecture olmo2_architecture;
extern const Architecture phi3_architecture;
extern const Architecture qwen2_architecture;
extern const Architecture qwen2moe_architecture;
extern const Architecture qwen2vl_architecture;
extern const Architecture qwen3_architecture;
extern const Architecture qwen35_architecture;
extern const Architecture qwen35moe_architecture;
extern const Architecture qwen3moe_architecture;
extern const Architecture qwen3next_architecture;
extern const Architecture qwen3vl_architecture;
extern const Architecture seed_oss_architecture;
extern const Architecture smollm3_architecture;
extern const Architecture stablelm_architecture;
extern const Architecture starcoder2_architecture;

// Null when it is not supported.
const Architecture* find_architecture(std::string_view name);
// "cohere2, command-r, ...", for error messages.
std::string architecture_names();

}  // namespace quire
