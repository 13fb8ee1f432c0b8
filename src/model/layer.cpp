#include "model/layer.h"

#include <algorithm>
#include <utility>

namespace quire {
namespace {

// What each kind of block is read by and computed with.
Result<Block> read_block(TensorReader& layer, const AttentionConfig& config, const ModelConfig& model) {
  return Attention::read(layer, config, model.width);
}
Result<Block> read_block(TensorReader& layer, const LatentAttentionConfig& config, const ModelConfig& model) {
  return LatentAttention::read(layer, config, model.width);
}
Result<Block> read_block(TensorReader& layer, const FfnConfig& config, const ModelConfig& model) {
  return Ffn::read(layer, config, model.width);
}
Result<Block> read_block(TensorReader& layer, const ExpertsConfig& config, const ModelConfig& model) {
  return Experts::read(layer, config, model.norm, model.width);
}
Result<Block> read_block(TensorReader& layer, const FfnAndExpertsConfig& config, const ModelConfig& model) {
  return FfnAndExperts::read(layer, config, model.norm, model.width);
}
Result<Block> read_block(TensorReader& layer, const LayerInputConfig& config, const ModelConfig& model) {
  return LayerInput::read(layer, config, model.width);
}
Result<Block> read_block(TensorReader& layer, const LaurelConfig& config, const ModelConfig& model) {
  return Laurel::read(layer, config, model.width);
}
Result<Block> read_block(TensorReader& layer, const ShortConvolutionConfig& config, const ModelConfig& model) {
  return ShortConvolution::read(layer, config, model.width);
}
Result<Block> read_block(TensorReader& layer, const DeltaNetConfig& config, const ModelConfig& model) {
  return DeltaNet::read(layer, config, model.width);
}
Result<Block> read_block(TensorReader& layer, const Mamba2Config& config, const ModelConfig& model) {
  return Mamba2::read(layer, config, model.width);
}

// What a block has of a context's earlier rows.
struct LayerMemory {
  const KvView& kv;
  const LayerState& state;
};
template <typename Kind>
void compute(const Kind& block, const Step& step, const LayerMemory& memory, Rows x, Rows y) {
  if constexpr (requires { block.compute(step, memory.kv, x, y); }) {
    block.compute(step, memory.kv, x, y);
  } else if constexpr (requires { block.compute(step, memory.state, x, y); }) {
    block.compute(step, memory.state, x, y);
  } else {
    block.compute(step, x, y);
  }
}

Result<std::optional<Norm>> read_norm_of(TensorReader& layer, std::string_view name, const NormConfig& config,
                                         int64_t width) {
  if (name.empty()) return std::nullopt;
  QUIRE_TRY(Norm norm, Norm::read(layer, name, config, width));
  return norm;
}

}  // namespace

Result<Layer> Layer::read(TensorReader& layer, const LayerConfig& config, const ModelConfig& model) {
  Layer result;
  result.residual_scale = model.residual_scale;
  if (config.altup) {
    QUIRE_TRY(result.altup, AltUp::read(layer, *config.altup, model));
  }
  for (const BranchConfig& from : config.branches) {
    Branch branch;
    QUIRE_TRY(branch.norm, read_norm_of(layer, from.norm, model.norm, model.width));
    for (const BlockConfig& of : from.blocks) {
      QUIRE_TRY(Block block, std::visit([&](const auto& each) { return read_block(layer, each, model); }, of));
      branch.blocks.push_back(std::move(block));
    }
    QUIRE_TRY(branch.post_norm, read_norm_of(layer, from.post_norm, model.post_norm, model.width));
    branch.sum_scale = from.sum_scale;
    QUIRE_TRY(branch.sum_norm, read_norm_of(layer, from.sum_norm, model.norm, model.width));
    result.branches.push_back(std::move(branch));
  }
  if (config.output_scale) {
    QUIRE_TRY(const std::vector<float> scale, layer.host_vector("layer_output_scale.weight", 1));
    result.output_scale = scale.front();
  }
  return result;
}

void Layer::compute(const Step& step, const KvView& kv, const LayerState& state, Rows x, Rows h, Rows y) const {
  Backend& on = step.on;
  const LayerMemory memory{.kv = kv, .state = state};
  if (altup) altup->predict(step, x, h);
  for (const Branch& branch : branches) {
    if (branch.norm) branch.norm->compute(on, x, h);
    // Blocks side by side read the same h; what comes into x before the second must not be read by it.
    const Rows read = branch.norm ? h : x;
    const Rows given = branch.norm && branch.blocks.size() == 1 ? h : y;
    for (const Block& block : branch.blocks) {
      std::visit([&](const auto& each) { quire::compute(each, step, memory, read, given); }, block);
      if (branch.post_norm && &block == &branch.blocks.front()) branch.post_norm->compute(on, given, given);
      if (residual_scale != 1.0F) on.scale(given, residual_scale);
      on.add(x, given);
    }
    if (branch.sum_scale != 1.0F) on.scale(x, branch.sum_scale);
    if (branch.sum_norm) branch.sum_norm->compute(on, x, x);
  }
  if (output_scale != 1.0F) on.scale(x, output_scale);
  if (altup) altup->correct(step, x, h, y);
}

void Layer::advance(const Step& step, const LayerState& state) const {
  for (const Branch& branch : branches) {
    for (const Block& block : branch.blocks) {
      std::visit(
          [&](const auto& each) {
            if constexpr (requires { each.advance(step, state); }) each.advance(step, state);
          },
          block);
    }
  }
}

int64_t Layer::products() const {
  int64_t sum = altup ? altup->products() : 0;
  for (const Branch& branch : branches) {
    for (const Block& block : branch.blocks) {
      sum += std::visit([](const auto& each) { return each.products(); }, block);
    }
  }
  return sum;
}

RowWidths widths_of(const ModelConfig& config) {
  RowWidths widths;
  for (const LayerConfig& layer : config.layers) {
    if (layer.altup) {
      widen(widths, *layer.altup, config.streams);
      widths.y = config.width;
    }
    for (const BranchConfig& branch : layer.branches) {
      if (branch.norm.empty() || branch.blocks.size() > 1) widths.y = config.width;
      for (const BlockConfig& block : branch.blocks) {
        std::visit([&](const auto& each) { widen(widths, each); }, block);
      }
    }
  }
  if (config.reads_states) widths.joined = 2 * config.width;
  if (widths.experts.count > 0) widths.experts.width = std::max(widths.experts.width, config.width);
  if (widths.beside > 0) widths.beside = config.width;
  return widths;
}

}  // namespace quire
