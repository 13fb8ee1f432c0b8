#include "model/blocks/gated_ffn.h"

#include <algorithm>

namespace quire {

Result<GatedFfn> GatedFfn::read(TensorReader& layer, const FfnConfig& config, int64_t width) {
  GatedFfn block{.config = config};
  QUIRE_TRY(block.gate, layer.matrix("ffn_gate.weight", config.width, width));
  QUIRE_TRY(block.up, layer.matrix("ffn_up.weight", config.width, width));
  QUIRE_TRY(block.down, layer.matrix("ffn_down.weight", width, config.width));
  return block;
}

void GatedFfn::compute(const Step& step, Rows x, Rows y) const {
  Backend& on = step.on;
  const Rows gate_rows = step.rows(step.gate, config.width);
  const Rows up_rows = step.rows(step.up, config.width);

  on.matmul(x, RowsOf::step, {{gate, gate_rows}, {up, up_rows}});
  on.silu_mul(gate_rows, up_rows);
  on.matmul(gate_rows, RowsOf::step, {{down, y}});
}

int64_t GatedFfn::products() const { return products_of(gate) + products_of(up) + products_of(down); }

void widen(RowWidths& widths, const FfnConfig& config) { widths.ffn = std::max(widths.ffn, config.width); }

}  // namespace quire
