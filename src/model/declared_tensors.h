// What tensors a model consists of, as its blocks say that read them: for files that are yet to be made.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "gguf/writer.h"
#include "model/config.h"

namespace quire {

// Names and shapes of all that a model of this configuration reads, in the order in which it does, each once, as F32.
// present: tensors that only some models have (output.weight). REQUIRES: config was read with them.
Result<std::vector<gguf::TensorSpec>> declare_tensors(const ModelConfig& config,
                                                      std::span<const gguf::TensorSpec> present);

}  // namespace quire
