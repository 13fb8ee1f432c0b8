// A learned residual beside a block: the row itself, and what a matrix of low rank makes of it.
// Source: LAuReL: Learned Augmented Residual Layer (Menghani et al., 2024), the low-rank form.
#pragma once

#include <cstdint>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/norm.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

struct Laurel {
  // Tensors laurel_{l,r,post_norm}.weight of a layer.
  static Result<Laurel> read(TensorReader& layer, const LaurelConfig& config, int64_t width);

  // y = x + norm(up down x). y is not x.
  void compute(const Step& step, Rows x, Rows y) const;
  int64_t products() const { return products_of(down) + products_of(up); }

  Matrix down;  // (rank, width)
  Matrix up;    // (width, rank)
  Norm norm;    // (width)
};

void widen(RowWidths& widths, const LaurelConfig& config);

}  // namespace quire
