// Sizes of models, by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quire::synth {

struct Shape {
  std::string name;          // for general.name
  std::string architecture;  // as general.architecture says
  int64_t layers = 0;
  int64_t width = 0;
  int64_t ffn_width = 0;
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t context = 0;
  bool tied = true;           // the token embedding is the output matrix too
  bool rope_factors = false;  // rope_freqs.weight as Llama 3.1 to 3.3 have it
  bool mtp = false;           // an MTP block behind the layers
  int64_t window = 0;         // of layers that have one; 0: what the family has
  // Of mixtures; 0: what the family has.
  int64_t experts = 0;
  int64_t experts_used = 0;
  int64_t expert_ffn_width = 0;
  // Of families that have it; 0: none.
  int64_t shared_kv_layers = 0;     // the last so many read the keys and values of others
  int64_t shared_kv_ffn_width = 0;  // of these layers; 0: ffn_width
  int64_t layer_input_width = 0;    // elements that each layer is given of a token beside the stream
  int64_t vocab = 32000;            // tokens of a vocabulary that is made for it
};

// "llama-1b", "gemma3-1b", "tiny"; an unknown name is an error that lists them.
Result<Shape> find_shape(std::string_view name);
std::string shape_names();

}  // namespace quire::synth
