#include "model/blocks/norm.h"

#include <fmt/format.h>

namespace quire {

Result<Norm> Norm::read(TensorReader& reader, std::string_view name, const NormConfig& config, int64_t width,
                        int64_t weight_rows) {
  Norm norm{.config = config};
  QUIRE_TRY(norm.weight, reader.vectors(fmt::format("{}.weight", name), weight_rows, width));
  if (config.bias) {
    QUIRE_TRY(norm.bias, reader.vectors(fmt::format("{}.bias", name), weight_rows, width));
  }
  return norm;
}

void Norm::compute(Backend& on, Rows x, Rows y) const {
  if (config.kind == NormKind::rms) {
    on.rms_norm(x, weight, config.epsilon, y);
  } else {
    on.layer_norm(x, weight, bias, config.epsilon, y);
  }
}

}  // namespace quire
