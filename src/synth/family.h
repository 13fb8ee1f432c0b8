// What models of a family say and have beside their sizes.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "gguf/metadata.h"
#include "gguf/writer.h"
#include "synth/shape.h"

namespace quire::synth {

enum class Mixture : uint8_t { never, on_request, always };

// What stands in the place of attention in most layers.
enum class Recurrent : uint8_t {
  nothing,
  short_convolution,
  delta_net,
  mamba2,
  mamba2_alone,   // ... each block in a layer of its own
  mamba2_beside,  // ... beside attention, in each layer
};

struct Family {
  std::string_view architecture;
  // ARCHITECTURE.KEY, as a published model of the family has it.
  std::vector<std::pair<std::string_view, gguf::Value>> keys = {};
  // Of layer 0 or of no layer: by these the family tells what a model has. Their shapes are the blocks' to say.
  std::vector<std::string_view> tensors = {};
  bool fused = false;  // q, k and v are one tensor, gate and up another
  Mixture experts = Mixture::never;
  // Heads attend to latents of four times their size, and half of it turns behind each: one row a token for all heads,
  // so that a number of KV heads says nothing.
  bool latent = false;
  double rotary_share = 1.0;  // of a head
  // What depends on sizes beside: keys, and tensors as above.
  void (*add)(const Shape& shape, gguf::Metadata& metadata, std::vector<gguf::TensorSpec>& present) = nullptr;
  bool shares = false;         // layers may read other layers' keys and values, and be given parts of tokens
  double turning_share = 1.0;  // of a head's pairs; rope_freqs.weight keeps the others from turning
  Recurrent recurrent = Recurrent::nothing;
};

// Null when no random model of it can be made.
const Family* find_family(std::string_view architecture);

}  // namespace quire::synth
