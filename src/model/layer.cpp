#include "model/layer.h"

#include <fmt/format.h>

#include <utility>

namespace quire {
namespace {

// What each kind of block is read by and computed with.
Result<Block> read_block(TensorReader& layer, const AttentionConfig& config, int64_t width) {
  return Attention::read(layer, config, width);
}
Result<Block> read_block(TensorReader& layer, const FfnConfig& config, int64_t width) {
  return GatedFfn::read(layer, config, width);
}
void compute(const Attention& block, const Step& step, const KvView& kv, Rows h) { block.compute(step, kv, h, h); }
void compute(const GatedFfn& block, const Step& step, const KvView&, Rows h) { block.compute(step, h, h); }

}  // namespace

Result<Layer> Layer::read(TensorReader& layer, const LayerConfig& config, int64_t width) {
  Layer result;
  for (const BranchConfig& branch : config.branches) {
    QUIRE_TRY(DeviceVector norm, layer.vector(fmt::format("{}.weight", branch.norm), width));
    QUIRE_TRY(Block block, std::visit([&](const auto& of) { return read_block(layer, of, width); }, branch.block));
    result.branches.push_back({.norm = norm, .block = std::move(block)});
  }
  return result;
}

void Layer::compute(const Step& step, const KvView& kv, Rows x, Rows h) const {
  for (const Branch& branch : branches) {
    step.on.norm(x, branch.norm, step.norm_epsilon, h);
    std::visit([&](const auto& block) { quire::compute(block, step, kv, h); }, branch.block);
    step.on.add(x, h);
  }
}

int64_t Layer::products() const {
  int64_t sum = 0;
  for (const Branch& branch : branches) {
    sum += std::visit([](const auto& block) { return block.products(); }, branch.block);
  }
  return sum;
}

RowWidths widths_of(const ModelConfig& config) {
  RowWidths widths;
  for (const LayerConfig& layer : config.layers) {
    for (const BranchConfig& branch : layer.branches) {
      std::visit([&](const auto& block) { widen(widths, block); }, branch.block);
    }
  }
  return widths;
}

}  // namespace quire
