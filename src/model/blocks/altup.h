// Alternating updates: a layer computes one of several residual streams, and predicts and corrects them all.
// Source: Alternating Updates for Efficient Transformers (Baykal et al., 2023).
#pragma once

#include <cstdint>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/layer_input.h"
#include "model/blocks/norm.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

// W is (outputs, inputs); n is the number of streams.
struct AltUp {
  // Tensors altup_{router,router_norm,predict_coef,correct_coef,correct_scale}.weight, those of the layer's input and
  // post_norm.weight of a layer.
  static Result<AltUp> read(TensorReader& layer, const AltUpConfig& config, const ModelConfig& model);

  // All streams become what is predicted of them, and x the active one.
  void predict(const Step& step, Rows x, Rows h) const;
  // x, what the layer has made of the active stream, corrects all of them; then comes what the layer is given of a
  // token. x, h and y are used up.
  void correct(const Step& step, Rows x, Rows h, Rows y) const;
  int64_t products() const;  // multiply-adds with weights, a row

  AltUpConfig config;
  Norm router_norm;            // (width)
  Matrix router;               // (n, width)
  Matrix predict_weights;      // (n * n, n): of stream k those of all streams, one after another
  Matrix correct_weights;      // (n, n)
  DeviceVector ones;           // (n)
  DeviceVector correct_scale;  // (width)
  LayerInput input;
  Norm input_norm;  // (width)

 private:
  // What the router makes of x, (rows, n).
  Rows route(const Step& step, Rows x, Rows h) const;
};

void widen(RowWidths& widths, const AltUpConfig& config, int64_t streams);

}  // namespace quire
