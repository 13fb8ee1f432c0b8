#include "model/blocks/layer_input.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace quire {

Result<LayerInputs> LayerInputs::read(TensorSource& source, const ModelConfig& config) {
  const int64_t n = config.layer_input_width;
  const int64_t all = config.layer_count() * n;
  const int64_t rows = config.layer_input_rows > 0 ? config.layer_input_rows : config.vocab;
  TensorReader reader(source, "");
  LayerInputs inputs;
  QUIRE_TRY(inputs.table, source.table("per_layer_token_embd.weight", rows, all));
  QUIRE_TRY(inputs.projection, reader.matrix("per_layer_model_proj.weight", all, config.width));
  QUIRE_TRY(inputs.norm, Norm::read(reader, "per_layer_proj_norm", config.norm, n));
  return inputs;
}

Result<void> LayerInputs::compute(const Step& step, std::span<const TokenId> tokens, Rows x) const {
  Backend& on = step.on;
  const int64_t n = norm.weight.size;
  const Rows stored = step.rows(step.up, projection.outputs);
  const Rows given = step.rows(step.layer_inputs, projection.outputs);
  const Rows parts{.values = given.values, .count = given.count * (given.width / n), .width = n};

  QUIRE_TRY_VOID(on.embed(table, tokens, stored));
  on.scale(stored, std::sqrt(static_cast<float>(n)));
  on.matmul(x, RowsOf::step, {{projection, given}});
  on.scale(given, 1.0F / std::sqrt(static_cast<float>(x.width)));
  norm.compute(on, parts, parts);
  on.add(given, stored);
  on.scale(given, 1.0F / std::numbers::sqrt2_v<float>);
  return {};
}

Result<LayerInput> LayerInput::read(TensorReader& layer, const LayerInputConfig& config, int64_t width) {
  LayerInput block;
  block.config = config;
  QUIRE_TRY(block.gate, layer.matrix("inp_gate.weight", config.width, width));
  QUIRE_TRY(block.projection, layer.matrix("proj.weight", width, config.width));
  return block;
}

void LayerInput::compute(const Step& step, Rows x, Rows y) const {
  Backend& on = step.on;
  const Rows hidden = step.rows(step.gate, config.width);
  const Rows given = step.rows(step.up, config.width);

  on.matmul(x, RowsOf::step, {{gate, hidden}});
  on.columns(step.rows(step.layer_inputs, config.layer_count * config.width), config.layer * config.width, given);
  on.activate(hidden, given, config.activation);
  on.matmul(hidden, RowsOf::step, {{projection, y}});
}

void widen(RowWidths& widths, const LayerInputConfig& config) {
  widths.layer_inputs = std::max(widths.layer_inputs, config.layer_count * config.width);
  widths.ffn = std::max(widths.ffn, widths.layer_inputs);  // what the table holds, on its way
}

}  // namespace quire
