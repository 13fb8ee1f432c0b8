#include "model/blocks/short_convolution.h"

#include <algorithm>
#include <array>
#include <vector>

#include "model/blocks/recurrent.h"

namespace quire {

Result<ShortConvolution> ShortConvolution::read(TensorReader& layer, const ShortConvolutionConfig& config,
                                                int64_t width) {
  ShortConvolution block;
  block.config = config;
  const std::array<int64_t, 3> outputs = {config.width, config.width, config.width};
  QUIRE_TRY(const std::vector<Matrix> parts, layer.matrices("shortconv.in_proj.weight", outputs, width));
  block.b = parts[0], block.c = parts[1], block.x = parts[2];
  QUIRE_TRY(const std::vector<DeviceVector> taps,
            layer.taps("shortconv.conv.weight", config.taps, std::array<int64_t, 1>{config.width}));
  block.convolution = taps.front();
  QUIRE_TRY(block.output, layer.matrix("shortconv.out_proj.weight", width, config.width));
  return block;
}

void ShortConvolution::convolve(const Step& step, Rows rows, const StateView& state) const {
  step.on.convolve(rows, {.weight = convolution, .bias = {}, .taps = config.taps}, state,
                   step.rows(step.convolved, config.width));
}

void ShortConvolution::compute(const Step& step, const LayerState& state, Rows x_rows, Rows y) const {
  Backend& on = step.on;
  const Rows b_rows = step.rows(step.gate, config.width);
  const Rows c_rows = step.rows(step.q, config.width);
  const Rows convolved_rows = step.rows(step.up, config.width);
  on.matmul(x_rows, RowsOf::step, {{b, b_rows}, {c, c_rows}, {x, convolved_rows}});
  on.multiply(convolved_rows, b_rows);
  if (step.drafted_count > 0) {
    on.gather_drafted(convolved_rows, RowPlaces(state.kept, step.drafted_count).take(config.width));
  }
  convolve(step, convolved_rows, state.view);
  const Rows gated = step.rows(step.convolved, config.width);
  on.multiply(gated, c_rows);
  on.matmul(gated, RowsOf::step, {{output, y}});
}

void ShortConvolution::advance(const Step& step, const LayerState& state) const {
  convolve(step, RowPlaces(state.kept, step.row_count).take(config.width), state.view);
}

int64_t ShortConvolution::products() const {
  return products_of(b) + products_of(c) + products_of(x) + products_of(output);
}

void widen(RowWidths& widths, const ShortConvolutionConfig& config) {
  widths.q = std::max(widths.q, config.width);
  widths.ffn = std::max(widths.ffn, config.width);
  widths.convolved = std::max(widths.convolved, config.width);
}

}  // namespace quire
