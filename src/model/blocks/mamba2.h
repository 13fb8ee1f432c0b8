// Mamba 2: a matrix a head, which each row decays, adds to and reads.
#pragma once

#include <cstdint>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/norm.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

// W is (outputs, inputs). Its state is the last rows of x, of B and of C before their convolution, and the matrices.
struct Mamba2 {
  // Tensors ssm_in.weight, ssm_conv1d.{weight,bias}, ssm_dt.bias, ssm_a, ssm_d, ssm_norm.weight and ssm_out.weight of a
  // layer.
  static Result<Mamba2> read(TensorReader& layer, const Mamba2Config& config, int64_t width);

  // y may be x.
  void compute(const Step& step, const LayerState& state, Rows x, Rows y) const;
  // The states go on through kept rows.
  void advance(const Step& step, const LayerState& state) const;
  int64_t products() const;  // multiply-adds with weights, a row

  Mamba2Config config;
  Matrix z, x;                          // (inner_width, width)
  Matrix b, c;                          // (group_width, width)
  Matrix time;                          // (heads, width)
  DeviceVector x_taps, b_taps, c_taps;  // (taps, inner_width), (taps, group_width) twice
  DeviceVector x_bias, b_bias, c_bias;  // (inner_width), (group_width) twice, or empty
  DeviceVector step_bias, rates, skip;  // (heads)
  Norm norm;                            // (groups, inner_width / groups)
  Matrix output;                        // (width, inner_width)

 private:
  // What a state depends on of each row.
  struct Inputs {
    Rows x, b, c;
    Rows time;  // (heads)
  };
  Result<void> read_convolution(TensorReader& layer);
  Inputs kept_rows(const RowPlace& kept, int64_t count) const;
  // What the states have for C, of each row of the step's runs.
  Rows recur(const Step& step, const Inputs& inputs, const StateView& state) const;
};

void widen(RowWidths& widths, const Mamba2Config& config);

}  // namespace quire
