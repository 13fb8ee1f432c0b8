// The feed-forward network with a gate: down(silu(gate x) * up x).
#pragma once

#include <cstdint>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

// W is (outputs, inputs).
struct GatedFfn {
  // Tensors ffn_{gate,up,down}.weight of a layer.
  static Result<GatedFfn> read(TensorReader& layer, const FfnConfig& config, int64_t width);

  // y may be x.
  void compute(const Step& step, Rows x, Rows y) const;
  int64_t products() const;  // multiply-adds with weights, a row

  FfnConfig config;
  Matrix gate, up;  // (config.width, width)
  Matrix down;      // (width, config.width)
};

void widen(RowWidths& widths, const FfnConfig& config);

}  // namespace quire
