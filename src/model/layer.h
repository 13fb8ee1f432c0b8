// One layer: its branches in order, each a norm and a block whose output is added to the residual stream.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/altup.h"
#include "model/blocks/attention.h"
#include "model/blocks/delta_net.h"
#include "model/blocks/experts.h"
#include "model/blocks/ffn.h"
#include "model/blocks/ffn_and_experts.h"
#include "model/blocks/latent_attention.h"
#include "model/blocks/laurel.h"
#include "model/blocks/layer_input.h"
#include "model/blocks/mamba2.h"
#include "model/blocks/norm.h"
#include "model/blocks/short_convolution.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

using Block = std::variant<Attention, LatentAttention, Ffn, Experts, FfnAndExperts, LayerInput, Laurel,
                           ShortConvolution, DeltaNet, Mamba2>;

struct Branch {
  std::optional<Norm> norm;  // of x
  std::vector<Block> blocks;
  std::optional<Norm> post_norm;  // of what its first block gives
  float sum_scale = 1.0F;
  std::optional<Norm> sum_norm;  // of x, with what the blocks gave
};

struct Layer {
  static Result<Layer> read(TensorReader& layer, const LayerConfig& config, const ModelConfig& model);

  // x, the residual stream, goes through the layer; where there are several, step.streams() do, and x is used up. h and
  // y are as large: what blocks read, and what they give. Keys and values go to kv, and a recurrent block has its
  // state.
  void compute(const Step& step, const KvView& kv, const LayerState& state, Rows x, Rows h, Rows y) const;
  // Its state goes on through kept rows, those of the step's runs.
  void advance(const Step& step, const LayerState& state) const;
  int64_t products() const;  // multiply-adds with weights, a row

  std::vector<Branch> branches;
  std::optional<AltUp> altup;  // around them
  float residual_scale = 1.0F;
  float output_scale = 1.0F;
};

// The widest rows of all blocks.
RowWidths widths_of(const ModelConfig& config);

}  // namespace quire
