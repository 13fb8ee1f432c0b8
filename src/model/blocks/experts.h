// A mixture of experts: a router scores them for each row, and what the best ones give is added up by their weights.
#pragma once

#include <cstdint>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/norm.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

// Stacks are (experts, outputs, inputs), where inputs and outputs of width are of config.latent if there is one. What
// its configuration does not have is empty.
struct Experts {
  // Tensors ffn_gate_inp.{weight,bias,scale}, exp_probs_b.bias, ffn_latent_{down,up}.weight,
  // ffn_{gate,up,down}_exps.{weight,bias} or ffn_gate_up_exps, ffn_down_exps.scale of a layer. norm: of what the router
  // reads, where it norms.
  static Result<Experts> read(TensorReader& layer, const ExpertsConfig& config, const NormConfig& norm, int64_t width);

  // y may be x.
  void compute(const Step& step, Rows x, Rows y) const;
  // The same in two halves, which need not read the same rows: what the router makes of x, and what the experts that
  // were chosen make of it.
  void choose(const Step& step, Rows x) const;
  void compute_chosen(const Step& step, Rows x, Rows y) const;
  int64_t products() const;  // multiply-adds with weights, a row

  ExpertsConfig config;
  Matrix router;                               // (experts, width)
  Norm router_norm;                            // (width)
  DeviceVector router_bias, correction;        // (experts) each
  DeviceVector scales;                         // (experts)
  Matrix latent_down, latent_up;               // (config.latent, width), (width, config.latent)
  Matrix gate, up;                             // (experts, hidden, width)
  Matrix down;                                 // (experts, width, hidden)
  DeviceVector gate_bias, up_bias, down_bias;  // (experts, hidden) twice, (experts, width)

 private:
  Result<void> read_stacks(TensorReader& layer, int64_t width);
  Result<void> read_biases(TensorReader& layer, int64_t width);
  ExpertChoice choice(const Step& step) const;
};

void widen(RowWidths& widths, const ExpertsConfig& config);

}  // namespace quire
