#include "model/blocks/head.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quire {

Result<Head> Head::read(TensorReader& reader, const HeadConfig& config, const NormConfig& norm, int64_t width) {
  Head head;
  for (const HeadStage& from : config.stages) {
    Stage stage{.config = from, .weights = {}, .bias = {}, .norm = {}};
    QUIRE_TRY(stage.weights, reader.matrix(fmt::format("{}.weight", from.name), from.outputs, width));
    if (from.bias) {
      QUIRE_TRY(stage.bias, reader.vector(fmt::format("{}.bias", from.name), from.outputs));
    }
    if (from.norm) {
      QUIRE_TRY(stage.norm, Norm::read(reader, fmt::format("{}.norm", from.name), norm, from.outputs));
    }
    head.stages.push_back(std::move(stage));
    width = from.outputs;
  }
  return head;
}

Rows Head::compute(Backend& on, DeviceAddress from, DeviceAddress to) const {
  Rows y;
  for (const Stage& stage : stages) {
    const Rows x{.values = from, .count = 1, .width = stage.weights.inputs};
    y = {.values = to, .count = 1, .width = stage.config.outputs};
    on.matmul(x, RowsOf::step, {{stage.weights, y}});
    if (stage.config.bias) on.add_bias(y, stage.bias);
    if (stage.config.activation == HeadActivation::tanh) on.softcap(y, 1.0F);  // 1 * tanh(y / 1)
    if (stage.config.activation == HeadActivation::gelu_erf) on.activate(y, Activation::gelu_erf);
    if (stage.norm) stage.norm->compute(on, y, y);
    std::swap(from, to);
  }
  return y;
}

int64_t widest_row(const HeadConfig& config, int64_t width) {
  if (config.stages.empty()) return 0;
  for (const HeadStage& stage : config.stages) width = std::max(width, stage.outputs);
  return width;
}

}  // namespace quire
