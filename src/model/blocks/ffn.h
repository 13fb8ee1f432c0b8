// The feed-forward network: down(activation(gate x) * up x), or without a gate down(activation(up x)).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

// W is (outputs, inputs). What its configuration does not have is empty.
struct Ffn {
  // Tensors ffn_{gate,up,down}.{weight,bias} of a layer, or of its shared expert ffn_{gate,up,down}_shexp.{weight,bias}
  // and ffn_gate_inp_shexp.weight.
  static Result<Ffn> read(TensorReader& layer, const FfnConfig& config, int64_t width);

  // y may be x.
  void compute(const Step& step, Rows x, Rows y) const;
  int64_t products() const;  // multiply-adds with weights, a row

  FfnConfig config;
  Matrix gate, up;                             // (config.width, width)
  Matrix down;                                 // (width, config.width)
  DeviceVector gate_bias, up_bias, down_bias;  // (config.width) twice, (width)
  Matrix output_gate;                          // (1, width)

 private:
  std::string name(std::string_view of, std::string_view kind) const;
  Result<void> read_matrices(TensorReader& layer, int64_t width);
  Result<void> read_biases(TensorReader& layer, int64_t width);
};

void widen(RowWidths& widths, const FfnConfig& config);

}  // namespace quire
