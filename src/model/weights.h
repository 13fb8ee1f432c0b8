// A model's weights, checked against its configuration and packed for its backend.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "backend/backend.h"
#include "base/function_ref.h"
#include "base/result.h"
#include "gguf/file.h"
#include "model/arch/architecture.h"
#include "model/config.h"

namespace quire {

// Weight bytes packed so far, and in all: after each piece of some megabytes, on the loading thread. False: the model
// is not wanted any more, and no further matrix is read.
using LoadProgress = FunctionRef<bool(uint64_t done_bytes, uint64_t total_bytes)>;

// W is (outputs, inputs). Members that an architecture does not have are empty.
struct LayerWeights {
  DeviceVector attention_norm;          // (width)
  Matrix q, k, v;                       // (q_width, width), (kv_width, width) twice
  DeviceVector q_bias, k_bias, v_bias;  // (q_width), (kv_width) twice
  DeviceVector q_norm, k_norm;          // (head_dim)
  Matrix attention_output;              // (width, q_width)
  DeviceVector ffn_norm;                // (width)
  Matrix gate, up;                      // (ffn_width, width)
  Matrix down;                          // (width, ffn_width)
};

struct Weights {
  std::optional<DeviceArena> memory;  // of all matrices and vectors, in the order in which a step reads them
  TensorView token_embedding;         // (vocab, width), read from the file row by row
  std::vector<float> rope_factors;    // (rotary_dim / 2) or empty
  std::vector<LayerWeights> layers;
  DeviceVector output_norm;  // (width)
  Matrix output;             // (vocab, width); a packed copy of the embedding where the file has no other
};

// Every tensor is checked before the first is packed. Errors name the tensor, what was found and what was expected; a
// tensor that the architecture does not know is an error too, since a model without it is another model. Those beside
// the text model (is_beside_text) are skipped. ErrorKind::cancelled: `progress` said so.
Result<Weights> load_weights(const gguf::File& file, const ModelConfig& config, const Architecture& architecture,
                             Backend& backend, LoadProgress progress);

}  // namespace quire
