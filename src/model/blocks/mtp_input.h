// What an MTP block reads (multi-token prediction; DeepSeek-V3, 2024): a token, and what the output matrix reads of the
// row before it, made one row.
#pragma once

#include <cstdint>
#include <span>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/norm.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"

namespace quire {

// x = projection of norm(embedding of the token), and behind it norm(state).
struct MtpInput {
  // Tensors nextn.{enorm,hnorm,eh_proj}.weight of the block.
  static Result<MtpInput> read(TensorReader& block, const NormConfig& norm, int64_t width);

  // x holds embeddings, and h gets the states (rows, width), which are copied now.
  void compute(const Step& step, std::span<const float> states, Rows x, Rows h) const;
  int64_t products() const { return products_of(projection); }

  Norm token_norm, state_norm;  // (width)
  Matrix projection;            // (width, 2 * width)
};

}  // namespace quire
