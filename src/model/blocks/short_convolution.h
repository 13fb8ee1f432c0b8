// A convolution over the last rows between two gates: LFM2's other kind of layer beside attention.
#pragma once

#include <cstdint>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

// W is (outputs, inputs). Its state is the last rows of b * x.
struct ShortConvolution {
  // Tensors shortconv.{in_proj,conv,out_proj}.weight of a layer.
  static Result<ShortConvolution> read(TensorReader& layer, const ShortConvolutionConfig& config, int64_t width);

  // y = out(c * convolution(b * x)). y may be x.
  void compute(const Step& step, const LayerState& state, Rows x, Rows y) const;
  // The states go on through kept rows.
  void advance(const Step& step, const LayerState& state) const;
  int64_t products() const;  // multiply-adds with weights, a row

  ShortConvolutionConfig config;
  Matrix b, c, x;            // (config.width, width)
  DeviceVector convolution;  // (taps, config.width)
  Matrix output;             // (width, config.width)

 private:
  void convolve(const Step& step, Rows rows, const StateView& state) const;
};

void widen(RowWidths& widths, const ShortConvolutionConfig& config);

}  // namespace quire
