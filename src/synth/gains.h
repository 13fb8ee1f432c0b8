// How large the random values of each tensor are, so that a model says something.
#pragma once

#include "model/config.h"
#include "synth/outline.h"

namespace quire::synth {

// REQUIRES: config is that of the model which the tensor belongs to.
Tensor with_gain(gguf::TensorSpec spec, const ModelConfig& config);

}  // namespace quire::synth
