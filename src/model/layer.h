// One layer: its branches in order, each a norm and a block whose output is added to the residual stream.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/attention.h"
#include "model/blocks/gated_ffn.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

using Block = std::variant<Attention, GatedFfn>;

struct Branch {
  DeviceVector norm;  // (width)
  Block block;
};

struct Layer {
  static Result<Layer> read(TensorReader& layer, const LayerConfig& config, int64_t width);

  // x, the residual stream, goes through the layer; h is as large. Keys and values go to kv.
  void compute(const Step& step, const KvView& kv, Rows x, Rows h) const;
  int64_t products() const;  // multiply-adds with weights, a row

  std::vector<Branch> branches;
};

// The widest rows of all blocks.
RowWidths widths_of(const ModelConfig& config);

}  // namespace quire
