#include "model/state_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "base/bytes.h"
#include "base/check.h"

namespace quire {
namespace {

constexpr int64_t page_bytes = 4096;
constexpr int64_t aligned_bytes = 64;

}  // namespace

StateLayout::StateLayout(const ModelConfig& config, LayerRange layers) {
  for (int64_t index = 0; index < config.layer_count(); ++index) {
    parts_.push_back({.offset_bytes = size_bytes_, .kept_offset = kept_width_});
    if (!layers.has(index)) continue;
    for (const BranchConfig& branch : config.layers[static_cast<size_t>(index)].branches) {
      for (const BlockConfig& block : branch.blocks) {
        const RecurrentSizes sizes = std::visit([](const auto& each) { return recurrent_sizes(each); }, block);
        size_bytes_ += round_up(sizes.state * static_cast<int64_t>(sizeof(float)), aligned_bytes);
        kept_width_ += sizes.kept;
      }
    }
  }
  size_bytes_ = round_up(size_bytes_, page_bytes);
}

int64_t state_size_bytes(const ModelConfig& config) { return StateLayout(config).size_bytes(); }

Result<StateStore> StateStore::create(const ModelConfig& config, const Limits& limits, std::span<const Stage> stages) {
  std::vector<Part> parts;
  for (const Stage& stage : stages) {
    StateLayout layout(config, stage.layers);
    if (layout.size_bytes() == 0) continue;
    if (limits.state_count <= 0) {
      return fail(ErrorKind::invalid, fmt::format("state_count: found {}, expected at least 1 for {}",
                                                  limits.state_count, config.architecture));
    }
    const auto size_bytes =
        checked_mul(static_cast<uint64_t>(layout.size_bytes()), static_cast<uint64_t>(limits.state_count));
    if (!size_bytes) return fail(ErrorKind::too_large, fmt::format("{} states: too many", limits.state_count));
    QUIRE_TRY(DeviceMemory memory, stage.on->device().allocate(*size_bytes, MemoryUse::sparse, "states"));
    parts.push_back({.layers = stage.layers, .layout = std::move(layout), .memory = std::move(memory)});
  }
  const int32_t count = parts.empty() ? 0 : limits.state_count;
  return StateStore(std::move(parts), count);
}

const StateStore::Part* StateStore::part_of(int64_t layer) const {
  const auto found = std::ranges::find_if(parts_, [&](const Part& part) { return part.layers.has(layer); });
  return found == parts_.end() ? nullptr : &*found;
}

StateView StateStore::layer(int64_t index) const {
  const Part* const part = part_of(index);
  if (part == nullptr) return {};
  return {.states = part->memory.address() + part->layout.offset_bytes(index),
          .stride_bytes = part->layout.size_bytes()};
}

int64_t StateStore::kept_offset(int64_t layer) const {
  const Part* const part = part_of(layer);
  return part == nullptr ? 0 : part->layout.kept_offset(layer);
}

StateStore::Standing& StateStore::standing(BlockId state) {
  QUIRE_CHECK(state.value >= 0 && state.value < state_count(), "a state of this store");
  return standings_[static_cast<size_t>(state.value)];
}

void StateStore::read(BlockId state, int32_t position, int32_t slice) {
  Standing& from = standing(state);
  QUIRE_CHECK(from.position == position, "a state is read at the position that it stands at");
  from.read_by = from.read_in == step_ && from.read_by != slice ? several : slice;
  from.read_in = step_;
}

void StateStore::write(BlockId state, int32_t slice) {
  Standing& to = standing(state);
  QUIRE_CHECK(to.read_in != step_ || to.read_by == slice, "a state that another slice reads is not written");
  QUIRE_CHECK(to.written_in != step_, "a state is written once a step");
  to.written_in = step_;
}

void StateStore::stand(BlockId state, int32_t position) { standing(state).position = position; }

void StateStore::forget(std::span<const BlockId> states) {
  for (const BlockId state : states) {
    standing(state).position = nowhere;
#ifdef QUIRE_POISON_KV
    for (Part& part : parts_) {  // floats that are NaN
      part.memory.fill(part.offset(state), std::byte{0xff}, static_cast<uint64_t>(part.layout.size_bytes()));
    }
#endif
  }
}

void StateStore::discard(std::span<const BlockId> states) {
  for (const BlockId state : states) {
    standing(state).position = nowhere;
    for (Part& part : parts_) {
      part.memory.give_back(part.offset(state), static_cast<uint64_t>(part.layout.size_bytes()));
    }
  }
}

}  // namespace quire
