// What a random-weight model of a given shape is made of.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "gguf/file_type.h"
#include "gguf/metadata.h"
#include "gguf/writer.h"
#include "synth/shape.h"

namespace quire::synth {

// How the values of a tensor are made: mean + deviation * n(row, column), where n is nearly normal.
struct Tensor {
  gguf::TensorSpec spec;
  float mean = 0.0F;
  float deviation = 0.0F;
  bool alternates = false;     // in sign, by column
  double factors_base = 0.0;   // not 0: factors of frequencies of this base instead
  double turning_share = 1.0;  // of pairs, beside such factors: the others are kept from turning
};

struct Outline {
  gguf::Metadata metadata;      // all but the tokenizer's
  std::vector<Tensor> tensors;  // in file order, those that the model's blocks ask for
};

// Deviations are chosen so that hidden states neither vanish nor explode and logits have a deviation of about 2.5. The
// output norm alternates in sign: a tied model's output would otherwise look most like its own input, and greedy
// decoding repeat one token.
// An error says which size is not possible, or that no random model of the architecture can be made.
Result<Outline> outline(const Shape& shape, int64_t vocab, gguf::FileType type);

}  // namespace quire::synth
