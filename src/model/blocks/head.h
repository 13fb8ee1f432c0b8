// The head of a model that makes vectors or ranks: what is computed of a text's pooled row.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/norm.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

struct Head {
  struct Stage {
    HeadStage config;
    Matrix weights;     // (outputs, what the stage before gives)
    DeviceVector bias;  // (outputs)
    std::optional<Norm> norm;
  };

  static Result<Head> read(TensorReader& reader, const HeadConfig& config, const NormConfig& norm, int64_t width);

  // The row at `from` goes through the stages; both places have room for the widest. Returns where the result is.
  Rows compute(Backend& on, DeviceAddress from, DeviceAddress to) const;

  std::vector<Stage> stages;
};

// Of the pooled row, and of what any stage gives; 0: there is no stage.
int64_t widest_row(const HeadConfig& config, int64_t width);

}  // namespace quire
