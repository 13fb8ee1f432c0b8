#include "model/blocks/altup.h"

#include <algorithm>
#include <span>

namespace quire {

Result<AltUp> AltUp::read(TensorReader& layer, const AltUpConfig& config, const ModelConfig& model) {
  const int64_t n = model.streams;
  AltUp block;
  block.config = config;
  QUIRE_TRY(block.router_norm, Norm::read(layer, "altup_router_norm", model.norm, model.width));
  QUIRE_TRY(block.router, layer.matrix("altup_router.weight", n, model.width));
  QUIRE_TRY(block.predict_weights, layer.matrix("altup_predict_coef.weight", n * n, n));
  QUIRE_TRY(block.correct_weights, layer.matrix("altup_correct_coef.weight", n, n));
  QUIRE_TRY(block.ones, layer.ones(n));
  QUIRE_TRY(block.correct_scale, layer.vector("altup_correct_scale.weight", model.width));
  QUIRE_TRY(block.input, LayerInput::read(layer, config.input, model.width));
  QUIRE_TRY(block.input_norm, Norm::read(layer, "post_norm", model.post_norm, model.width));
  return block;
}

Rows AltUp::route(const Step& step, Rows x, Rows h) const {
  Backend& on = step.on;
  const Rows routed = step.rows(step.gate, router.outputs);

  router_norm.compute(on, x, h);
  on.scale(h, 1.0F / static_cast<float>(x.width));
  on.matmul(h, RowsOf::step, {{router, routed}});
  on.softcap(routed, 1.0F);  // its tanh
  return routed;
}

void AltUp::predict(const Step& step, Rows x, Rows h) const {
  Backend& on = step.on;
  const std::span<const Rows> streams = step.streams();
  const Rows& active = streams[static_cast<size_t>(config.active)];
  const Rows weights = step.rows(step.up, predict_weights.outputs);

  on.matmul(route(step, active, h), RowsOf::step, {{predict_weights, weights}});
  on.mix(streams, streams, weights);
  on.columns(active, 0, x);
}

void AltUp::correct(const Step& step, Rows x, Rows h, Rows y) const {
  Backend& on = step.on;
  const std::span<const Rows> streams = step.streams();
  const Rows& active = streams[static_cast<size_t>(config.active)];
  const Rows weights = step.rows(step.up, correct_weights.outputs);

  on.matmul(route(step, x, h), RowsOf::step, {{correct_weights, weights}});
  on.add_bias(weights, ones);
  on.columns(active, 0, h);
  on.scale(h, -1.0F);
  on.add(h, x);  // by how much the prediction was wrong
  on.mix(streams, {&h, 1}, weights);

  on.columns(active, 0, x);
  if (config.correct_scale) on.multiply(x, correct_scale);
  input.compute(step, x, y);
  input_norm.compute(on, y, y);
  for (const Rows& stream : streams.subspan(1)) on.add(stream, y);
}

int64_t AltUp::products() const {
  return 2 * products_of(router) + products_of(predict_weights) + products_of(correct_weights) + input.products();
}

void widen(RowWidths& widths, const AltUpConfig& config, int64_t streams) {
  widen(widths, config.input);
  widths.ffn = std::max(widths.ffn, streams * streams);
  widths.beside = 1;  // for the end of streams; as wide as the stream, which who asks knows
}

}  // namespace quire
