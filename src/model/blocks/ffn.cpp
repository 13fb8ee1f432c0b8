#include "model/blocks/ffn.h"

#include <algorithm>
#include <array>
#include <vector>

namespace quire {

Result<void> Ffn::read_matrices(TensorReader& layer, int64_t width) {
  if (config.gated && config.fused) {
    QUIRE_TRY(const std::vector<Matrix> parts,
              layer.matrices("ffn_up.weight", std::array<int64_t, 2>{config.width, config.width}, width));
    gate = parts[0], up = parts[1];
  } else {
    if (config.gated) {
      QUIRE_TRY(gate, layer.matrix("ffn_gate.weight", config.width, width));
    }
    QUIRE_TRY(up, layer.matrix("ffn_up.weight", config.width, width));
  }
  QUIRE_TRY(down, layer.matrix("ffn_down.weight", width, config.width));
  return {};
}

Result<void> Ffn::read_biases(TensorReader& layer, int64_t width) {
  if (!config.bias) return {};
  if (config.gated) {
    QUIRE_TRY(gate_bias, layer.vector("ffn_gate.bias", config.width));
  }
  QUIRE_TRY(up_bias, layer.vector("ffn_up.bias", config.width));
  QUIRE_TRY(down_bias, layer.vector("ffn_down.bias", width));
  return {};
}

Result<Ffn> Ffn::read(TensorReader& layer, const FfnConfig& config, int64_t width) {
  Ffn block;
  block.config = config;
  QUIRE_TRY_VOID(block.read_matrices(layer, width));
  QUIRE_TRY_VOID(block.read_biases(layer, width));
  return block;
}

void Ffn::compute(const Step& step, Rows x, Rows y) const {
  Backend& on = step.on;
  const Rows gate_rows = step.rows(step.gate, config.width);
  const Rows up_rows = step.rows(step.up, config.width);

  if (!config.gated) {
    on.matmul(x, RowsOf::step, {{up, up_rows}});
    if (config.bias) on.add_bias(up_rows, up_bias);
    on.activate(up_rows, config.activation);
    on.matmul(up_rows, RowsOf::step, {{down, y}});
  } else {
    on.matmul(x, RowsOf::step, {{gate, gate_rows}, {up, up_rows}});
    if (config.bias) {
      on.add_bias(gate_rows, gate_bias);
      on.add_bias(up_rows, up_bias);
    }
    on.activate(gate_rows, up_rows, config.activation);
    on.matmul(gate_rows, RowsOf::step, {{down, y}});
  }
  if (config.bias) on.add_bias(y, down_bias);
}

int64_t Ffn::products() const { return products_of(gate) + products_of(up) + products_of(down); }

void widen(RowWidths& widths, const FfnConfig& config) { widths.ffn = std::max(widths.ffn, config.width); }

}  // namespace quire
