#include "model/blocks/ffn_and_experts.h"

namespace quire {

Result<FfnAndExperts> FfnAndExperts::read(TensorReader& layer, const FfnAndExpertsConfig& config,
                                          const NormConfig& norm, int64_t width) {
  FfnAndExperts block;
  QUIRE_TRY(block.ffn_norm, Norm::read(layer, "ffn_norm", norm, width));
  QUIRE_TRY(block.ffn, Ffn::read(layer, config.ffn, width));
  QUIRE_TRY(block.ffn_post_norm, Norm::read(layer, "post_ffw_norm_1", norm, width));
  QUIRE_TRY(block.experts_norm, Norm::read(layer, "pre_ffw_norm_2", norm, width));
  QUIRE_TRY(block.experts, Experts::read(layer, config.experts, norm, width));
  QUIRE_TRY(block.experts_post_norm, Norm::read(layer, "post_ffw_norm_2", norm, width));
  return block;
}

void FfnAndExperts::compute(const Step& step, Rows x, Rows y) const {
  Backend& on = step.on;
  const Rows mixed = step.rows(step.beside, x.width);

  ffn_norm.compute(on, x, y);
  ffn.compute(step, y, y);
  ffn_post_norm.compute(on, y, y);

  experts.choose(step, x);
  experts_norm.compute(on, x, mixed);
  experts.compute_chosen(step, mixed, mixed);
  experts_post_norm.compute(on, mixed, mixed);
  on.add(y, mixed);
}

void widen(RowWidths& widths, const FfnAndExpertsConfig& config) {
  widen(widths, config.ffn);
  widen(widths, config.experts);
  widths.beside = 1;  // as wide as the stream, which who asks knows
}

}  // namespace quire
