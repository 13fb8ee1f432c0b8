// What one model architecture is: the tensors that its layers have beyond the common ones, and what a layer computes.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "backend/backend.h"
#include "model/step.h"

namespace quire {

struct LayerWeights;

// Beginnings of the names of tensors that published files hold beside the text model, which does not read them: vision
// and audio towers, their projectors, and blocks that guess further tokens.
inline constexpr std::array<std::string_view, 5> beside_text_prefixes = {"v.", "a.", "mm.", "mtp.",
                                                                         "model.vision_tower."};

struct Architecture {
  std::string_view name;  // as general.architecture says
  std::span<const std::string_view> skipped_prefixes = beside_text_prefixes;
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
