// What one model architecture is: the tensors that its layers have beyond the common ones, and what a layer computes.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "backend/backend.h"
#include "model/step.h"

namespace quire {

struct LayerWeights;

struct Architecture {
  std::string_view name;      // as general.architecture says
  bool has_qkv_bias = false;  // blk.N.attn_{q,k,v}.bias
  bool has_qk_norm = false;   // blk.N.attn_{q,k}_norm.weight
  // step.x goes through one layer; its keys and values go to kv.
  void (*layer)(const Step& step, const LayerWeights& weights, const KvView& kv);
};

// One file each.
extern const Architecture llama_architecture;
extern const Architecture qwen2_architecture;
extern const Architecture qwen3_architecture;

// Null when it is not supported.
const Architecture* find_architecture(std::string_view name);
// "llama, qwen2, qwen3", for error messages.
std::string architecture_names();

}  // namespace quire
