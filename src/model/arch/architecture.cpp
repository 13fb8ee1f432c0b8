#include "model/arch/architecture.h"

#include <array>

namespace quire {
namespace {

// Functions of this file only name the constants: they are initialized before main.
std::array<const Architecture*, 49> architectures() {
  return {&bert_architecture,           &cohere2_architecture,        &command_r_architecture,
          &deepseek2_architecture,      &ernie4_5_architecture,       &exaone4_architecture,
          &falcon_h1_architecture,      &gemma2_architecture,         &gemma3_architecture,
          &gemma3n_architecture,        &gemma4_architecture,         &gemma_embedding_architecture,
          &glm4_architecture,           &glm4moe_architecture,        &gpt_oss_architecture,
          &granite_architecture,        &granitehybrid_architecture,  &granitemoe_architecture,
          &hunyuan_dense_architecture,  &internlm2_architecture,      &jina_bert_v3_architecture,
          &laguna_architecture,         &lfm2_architecture,           &lfm2moe_architecture,
          &llama_architecture,          &minimax_m2_architecture,     &mistral3_architecture,
          &mistral4_architecture,       &modern_bert_architecture,    &muse_glimmer_architecture,
          &nemotron_h_architecture,     &nemotron_h_moe_architecture, &nomic_bert_architecture,
          &nomic_bert_moe_architecture, &olmo2_architecture,          &phi3_architecture,
          &qwen2_architecture,          &qwen2moe_architecture,       &qwen2vl_architecture,
          &qwen3_architecture,          &qwen35_architecture,         &qwen35moe_architecture,
          &qwen3moe_architecture,       &qwen3next_architecture,      &qwen3vl_architecture,
          &seed_oss_architecture,       &smollm3_architecture,        &stablelm_architecture,
          &starcoder2_architecture};
}

}  // namespace

const Architecture* find_architecture(std::string_view name) {
  for (const Architecture* architecture : architectures()) {
    if (architecture->name == name) return architecture;
  }
  return nullptr;
}

std::string architecture_names() {
  std::string names;
  for (const Architecture* architecture : architectures()) {
    if (!names.empty()) names += ", ";
    names += architecture->name;
  }
  return names;
}

}  // namespace quire
