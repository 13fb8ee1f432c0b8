// The norm of rows, of either kind.
#pragma once

#include <cstdint>
#include <string_view>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

struct Norm {
  // Tensors NAME.weight and, where it has one, NAME.bias. weight_rows: of heads that have their own.
  static Result<Norm> read(TensorReader& reader, std::string_view name, const NormConfig& config, int64_t width,
                           int64_t weight_rows = 1);

  // y = norm of each row of x. y may be x.
  void compute(Backend& on, Rows x, Rows y) const;

  NormConfig config;
  DeviceVector weight, bias;  // (weight_rows, width)
};

}  // namespace quire
