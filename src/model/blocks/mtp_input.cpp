#include "model/blocks/mtp_input.h"

namespace quire {

Result<MtpInput> MtpInput::read(TensorReader& block, const NormConfig& norm, int64_t width) {
  MtpInput input;
  QUIRE_TRY(input.token_norm, Norm::read(block, "nextn.enorm", norm, width));
  QUIRE_TRY(input.state_norm, Norm::read(block, "nextn.hnorm", norm, width));
  QUIRE_TRY(input.projection, block.matrix("nextn.eh_proj.weight", width, 2 * width));
  return input;
}

void MtpInput::compute(const Step& step, std::span<const float> states, Rows x, Rows h) const {
  Backend& on = step.on;
  const Rows joined = step.rows(step.joined, 2 * x.width);
  const auto half = [&](int64_t index) {
    return HeadParts{.rows = joined, .stride = joined.width, .first = index * x.width, .size = x.width};
  };
  const auto whole = [](Rows rows) { return HeadParts{.rows = rows, .stride = rows.width, .size = rows.width}; };

  on.upload(states, h);
  token_norm.compute(on, x, x);
  state_norm.compute(on, h, h);
  on.copy_heads(whole(x), half(0));
  on.copy_heads(whole(h), half(1));
  on.matmul(joined, RowsOf::step, {{projection, x}});
}

}  // namespace quire
