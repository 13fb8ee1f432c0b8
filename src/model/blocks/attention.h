// Attention: projections, norms of heads, turns, keys and values of the sequence, output.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/norm.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

// W is (outputs, inputs). What its configuration does not have is empty.
struct Attention {
  // Tensors attn_{q,k,v}.{weight,bias} or attn_qkv, attn_{q,k}_norm.weight, attn_sinks.weight,
  // attn_gate.weight, attn_output.{weight,bias} of a layer.
  static Result<Attention> read(TensorReader& layer, const AttentionConfig& config, int64_t width);

  // y = attention of x, whose keys and values go to kv; where it reads another layer's, kv is that one's. y may be x.
  void compute(const Step& step, const KvView& kv, Rows x, Rows y) const;
  int64_t products() const;  // multiply-adds with weights, a row

  AttentionConfig config;
  Matrix q, k, v;                       // (q_width, width), (kv_width, width) twice
  DeviceVector q_bias, k_bias, v_bias;  // (q_width), (kv_width) twice
  Norm q_norm, k_norm;                  // as config.head_norms says
  Norm v_norm;                          // (head_dim): ones
  DeviceVector sinks;                   // (heads)
  Matrix gate;                          // (config.gate_width, width)
  Matrix output;                        // (width, q_width)
  DeviceVector output_bias;             // (width)

 private:
  struct Projected;
  std::vector<Projected> projected();  // what its configuration has
  Result<void> read_projections(TensorReader& layer, int64_t width);
  Result<void> read_norms(TensorReader& layer);
  void norm_heads(Backend& on, Rows q_rows, Rows k_rows) const;
  // Values that are not as they were projected. k_rows: before their norm.
  void make_values(Backend& on, Rows k_rows, Rows v_rows) const;
};

void widen(RowWidths& widths, const AttentionConfig& config);

}  // namespace quire
