// A gated delta net: a matrix a head, which each row decays, corrects and reads.
#pragma once

#include <cstdint>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/norm.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

// W is (outputs, inputs). Its state is the last rows of q, of k and of v before their convolution, and the matrices.
struct DeltaNet {
  // Tensors attn_qkv.weight, attn_gate.weight, ssm_conv1d.weight, ssm_{alpha,beta}.weight or ssm_ba.weight,
  // ssm_dt.bias, ssm_a, ssm_norm.weight and ssm_out.weight of a layer.
  static Result<DeltaNet> read(TensorReader& layer, const DeltaNetConfig& config, int64_t width);

  // y may be x.
  void compute(const Step& step, const LayerState& state, Rows x, Rows y) const;
  // The states go on through kept rows.
  void advance(const Step& step, const LayerState& state) const;
  int64_t products() const;  // multiply-adds with weights, a row

  DeltaNetConfig config;
  Matrix q, k, v, z;              // (key_width, width) twice, (value_width, width) twice
  Matrix alpha, beta;             // (heads, width)
  Matrix joint_gates;             // (2 * heads, width), in the place of both
  DeviceVector q_taps, k_taps;    // (taps, key_width)
  DeviceVector v_taps;            // (taps, value_width)
  DeviceVector step_bias, rates;  // (heads)
  Norm norm;                      // (value_dim)
  Matrix output;                  // (width, value_width)

 private:
  // What a state depends on of each row.
  struct Inputs {
    Rows q, k, v;
    Rows alpha, beta;  // (heads)
  };
  Result<void> read_projections(TensorReader& layer, int64_t width);
  Inputs project(const Step& step, Rows x) const;
  // What the states have for q, of each row of the step's runs.
  Rows recur(const Step& step, const Inputs& inputs, const StateView& state) const;
  Inputs kept_rows(const RowPlace& kept, int64_t count) const;
};

void widen(RowWidths& widths, const DeltaNetConfig& config);

}  // namespace quire
