// A model's weights, checked against its configuration and packed for its backend.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "base/function_ref.h"
#include "base/result.h"
#include "gguf/file.h"
#include "model/blocks/head.h"
#include "model/blocks/mtp_input.h"
#include "model/blocks/streams.h"
#include "model/config.h"
#include "model/layer.h"
#include "model/placement/stage.h"

namespace quire {

// Weight bytes packed so far, and in all: after each piece of some megabytes, on the loading thread. False: the model
// is not wanted any more, and no further matrix is read.
using LoadProgress = FunctionRef<bool(uint64_t done_bytes, uint64_t total_bytes)>;

// (rotary / 2), or empty.
struct RopeFactors {
  std::vector<float> values;
  std::vector<float> long_values;
};

struct Weights {
  std::vector<DeviceArena> memories;   // of each stage's matrices and vectors, in the order in which a step reads them
  TensorView token_embedding;          // (vocab, width), read from the file row by row
  TensorView position_embedding;       // (context_max, width), the same; as ModelConfig::embedding says
  DeviceVector token_type;             // (width)
  std::optional<Norm> embedding_norm;  // (width)
  std::optional<LayerInputs> layer_inputs;
  std::optional<Streams> streams;         // where the residual stream is not alone
  std::vector<RopeFactors> rope_factors;  // by kind of turning
  std::vector<Layer> layers;
  std::optional<Norm> output_norm;  // (width)
  Head head;
  Matrix output;  // (vocab, width); a packed copy of the embedding where the file has no other; of whole texts none
  std::optional<MtpInput> mtp_input;  // of an MTP block
  std::unique_ptr<Weights> mtp;       // of the MTP block as a model (mtp_model); their memory is the model's
};

// What a model of this configuration reads, in the order in which a step does; its memory is the source's.
Result<Weights> read_weights(TensorSource& source, const ModelConfig& config);

// Every tensor is checked before the first is packed. Errors name the tensor, what was found and what was expected; a
// tensor that the architecture does not know is an error too, since a model without it is another model. Those beside
// the text model (is_beside_text) are skipped. ErrorKind::cancelled: `progress` said so.
Result<Weights> load_weights(const gguf::File& file, const ModelConfig& config, std::span<const Stage> stages,
                             LoadProgress progress);

}  // namespace quire
