// What each layer is given of a token beside the residual stream (per-layer embeddings): a part of the token's row in a
// table of its own, mixed with a projection of the token's embedding.
#pragma once

#include <cstdint>
#include <span>

#include "backend/backend.h"
#include "base/result.h"
#include "core/ids.h"
#include "model/blocks/norm.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

// What all layers are given, before the first. With n elements for each of them, layer l is given those from l n on of
//   (norm_n(projection x / sqrt(width of x)) + sqrt(n) * table[token]) / sqrt(2)
// where x is the token's embedding and norm_n normalizes every n elements by themselves.
struct LayerInputs {
  // Tensors per_layer_{token_embd,model_proj,proj_norm}.weight.
  static Result<LayerInputs> read(TensorSource& source, const ModelConfig& config);

  // Fills step.layer_inputs for these tokens, whose embeddings are x. An error is the table's source's.
  Result<void> compute(const Step& step, std::span<const TokenId> tokens, Rows x) const;

  TensorView table;   // (rows, layers * n), read from the file row by row; zeros for tokens beyond it
  Matrix projection;  // (layers * n, width)
  Norm norm;          // (n)
};

// How a layer takes it in.
struct LayerInput {
  // Tensors {inp_gate,proj}.weight of a layer.
  static Result<LayerInput> read(TensorReader& layer, const LayerInputConfig& config, int64_t width);

  // y = projection(activation(gate x) * what the layer is given). y is not x.
  void compute(const Step& step, Rows x, Rows y) const;
  int64_t products() const { return products_of(gate) + products_of(projection); }

  LayerInputConfig config;
  Matrix gate;        // (config.width, width)
  Matrix projection;  // (width, config.width)
};

void widen(RowWidths& widths, const LayerInputConfig& config);

}  // namespace quire
