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
  // Fills config.ropes and config.layers, of which there are as many as the file has. What every architecture has is
  // there already (width, vocabulary, epsilon ...).
  Result<void> (*describe)(const Keys& keys, ModelConfig& config);
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
