#include "model/blocks/laurel.h"

#include <algorithm>

namespace quire {

Result<Laurel> Laurel::read(TensorReader& layer, const LaurelConfig& config, int64_t width) {
  Laurel block;
  QUIRE_TRY(block.down, layer.matrix("laurel_l.weight", config.rank, width));
  QUIRE_TRY(block.up, layer.matrix("laurel_r.weight", width, config.rank));
  QUIRE_TRY(block.norm, Norm::read(layer, "laurel_post_norm", config.norm, width));
  return block;
}

void Laurel::compute(const Step& step, Rows x, Rows y) const {
  Backend& on = step.on;
  const Rows hidden = step.rows(step.gate, down.outputs);

  on.matmul(x, RowsOf::step, {{down, hidden}});
  on.matmul(hidden, RowsOf::step, {{up, y}});
  norm.compute(on, y, y);
  on.add(y, x);
}

void widen(RowWidths& widths, const LaurelConfig& config) { widths.ffn = std::max(widths.ffn, config.rank); }

}  // namespace quire
