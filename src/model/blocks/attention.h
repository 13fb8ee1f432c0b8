// Attention: projections, norms of heads, turns, keys and values of the sequence, output.
#pragma once

#include <cstdint>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

// W is (outputs, inputs). What its configuration does not have is empty.
struct Attention {
  // Tensors attn_{q,k,v}.{weight,bias}, attn_{q,k}_norm.weight, attn_output.weight of a layer.
  static Result<Attention> read(TensorReader& layer, const AttentionConfig& config, int64_t width);

  // y = attention of x, whose keys and values go to kv. y may be x.
  void compute(const Step& step, const KvView& kv, Rows x, Rows y) const;
  int64_t products() const;  // multiply-adds with weights, a row

  AttentionConfig config;
  Matrix q, k, v;                       // (q_width, width), (kv_width, width) twice
  DeviceVector q_bias, k_bias, v_bias;  // (q_width), (kv_width) twice
  DeviceVector q_norm, k_norm;          // (head_dim)
  Matrix output;                        // (width, q_width)
};

void widen(RowWidths& widths, const AttentionConfig& config);

}  // namespace quire
