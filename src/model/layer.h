// One layer: its branches in order, each a norm and a block whose output is added to the residual stream.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/attention.h"
#include "model/blocks/experts.h"
#include "model/blocks/ffn.h"
#include "model/blocks/ffn_and_experts.h"
#include "model/blocks/layer_input.h"
#include "model/blocks/norm.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

using Block = std::variant<Attention, Ffn, Experts, FfnAndExperts, LayerInput>;

struct Branch {
  std::optional<Norm> norm;  // of x
  std::vector<Block> blocks;
  std::optional<Norm> post_norm;  // of what a block gives
  std::optional<Norm> sum_norm;   // of x, with what the blocks gave
};

struct Layer {
  static Result<Layer> read(TensorReader& layer, const LayerConfig& config, const ModelConfig& model);

  // x, the residual stream, goes through the layer; h and y are as large: what blocks read, and what they give. Keys
  // and values go to kv.
  void compute(const Step& step, const KvView& kv, Rows x, Rows h, Rows y) const;
  int64_t products() const;  // multiply-adds with weights, a row

  std::vector<Branch> branches;
  float residual_scale = 1.0F;
  float output_scale = 1.0F;
};

// The widest rows of all blocks.
RowWidths widths_of(const ModelConfig& config);

}  // namespace quire
