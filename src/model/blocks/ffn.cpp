#include "model/blocks/ffn.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace quire {
// "ffn_up.weight", or of a shared expert "ffn_up_shexp.weight".
std::string Ffn::name(std::string_view of, std::string_view kind) const {
  return fmt::format("ffn_{}{}.{}", of, config.shared ? "_shexp" : "", kind);
}

Result<void> Ffn::read_matrices(TensorReader& layer, int64_t width) {
  if (config.gated && config.fused) {
    QUIRE_TRY(const std::vector<Matrix> parts,
              layer.matrices(name("up", "weight"), std::array<int64_t, 2>{config.width, config.width}, width));
    gate = parts[0], up = parts[1];
  } else {
    if (config.gated) {
      QUIRE_TRY(gate, layer.matrix(name("gate", "weight"), config.width, width));
    }
    QUIRE_TRY(up, layer.matrix(name("up", "weight"), config.width, width));
  }
  QUIRE_TRY(down, layer.matrix(name("down", "weight"), width, config.width));
  if (config.output_gate) {
    QUIRE_TRY(output_gate, layer.matrix(name("gate_inp", "weight"), 1, width));
  }
  return {};
}

Result<void> Ffn::read_biases(TensorReader& layer, int64_t width) {
  if (!config.bias) return {};
  if (config.gated) {
    QUIRE_TRY(gate_bias, layer.vector(name("gate", "bias"), config.width));
  }
  QUIRE_TRY(up_bias, layer.vector(name("up", "bias"), config.width));
  QUIRE_TRY(down_bias, layer.vector(name("down", "bias"), width));
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
  const Rows& hidden = config.gated ? gate_rows : up_rows;

  if (!config.gated) {
    on.matmul(x, RowsOf::step, {{up, up_rows}});
    if (config.bias) on.add_bias(up_rows, up_bias);
    on.activate(up_rows, config.activation);
  } else {
    on.matmul(x, RowsOf::step, {{gate, gate_rows}, {up, up_rows}});
    if (config.bias) {
      on.add_bias(gate_rows, gate_bias);
      on.add_bias(up_rows, up_bias);
    }
    if (config.excess) on.keep_excess(gate_rows, *config.excess);
    on.activate(gate_rows, up_rows, config.activation);
  }
  const Rows gates = step.rows(step.output_gate, config.output_gate ? 1 : 0);
  if (config.output_gate) on.matmul(x, RowsOf::step, {{output_gate, gates}});  // y may be x
  on.matmul(hidden, RowsOf::step, {{down, y}});
  if (config.bias) on.add_bias(y, down_bias);
  if (config.output_gate) on.gate_rows(y, gates, RowGate::sigmoid);
}

int64_t Ffn::products() const { return products_of(gate) + products_of(up) + products_of(down); }

void widen(RowWidths& widths, const FfnConfig& config) {
  widths.ffn = std::max(widths.ffn, config.width);
  if (config.output_gate) widths.output_gate = std::max<int64_t>(widths.output_gate, 1);
}

}  // namespace quire
