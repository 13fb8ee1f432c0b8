#include "model/context_memory.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "model/kv_layout.h"
#include "model/state_store.h"

namespace quire {
namespace {

constexpr int64_t int32_max = std::numeric_limits<int32_t>::max();

int32_t within(int64_t value, int64_t least, int64_t most) {
  return static_cast<int32_t>(std::clamp(value, least, std::clamp(most, least, int32_max)));
}

}  // namespace

int64_t ContextMemory::window_blocks() const {
  return window_tokens > 0 ? ceil_div<int64_t>(window_tokens - 1, block_tokens) + 1 : 0;
}

int64_t ContextMemory::bytes_of(MemoryClass of, int64_t context_tokens) const {
  const bool apart = windows_apart(context_tokens);
  if (of == MemoryClass::state) return state_bytes;
  if (of == MemoryClass::window) return apart ? window_block_bytes : 0;
  return apart ? block_bytes : block_bytes + window_block_bytes;
}

int64_t ContextMemory::context_bytes(int64_t tokens) const {
  const int64_t blocks = ceil_div<int64_t>(tokens, block_tokens);
  return blocks * block_bytes + std::min(blocks, window_blocks()) * window_block_bytes + state_bytes;
}

int32_t ContextMemory::snapshot_tokens() const {
  constexpr int64_t least = 512;  // small states are cheap, but each is written
  const int64_t saved_bytes = block_bytes > 0 ? block_bytes : std::max<int64_t>(1, state_bytes / 64);
  const int64_t tokens = ceil_div(state_bytes * block_tokens, saved_bytes);
  return static_cast<int32_t>(round_up<int64_t>(std::max(least, tokens), block_tokens));
}

ContextMemory context_memory(const ModelConfig& config, int32_t block_tokens) {
  return context_memory(config, block_tokens, all_layers(config));
}

ContextMemory context_memory(const ModelConfig& config, int32_t block_tokens, LayerRange layers) {
  const KvLayout layout(config, block_tokens, true, layers);
  ContextMemory memory{.block_tokens = block_tokens,
                       .block_bytes = layout.block_size_bytes(MemoryClass::full),
                       .window_block_bytes = layout.block_size_bytes(MemoryClass::window),
                       .state_bytes = StateLayout(config, layers).size_bytes(),
                       .whole_texts = config.whole_texts};
  if (config.mtp && layers.end == config.layer_count())
    memory.block_bytes += KvLayout(mtp_model(config), block_tokens, false).block_size_bytes(MemoryClass::full);
  for (int64_t layer = 0; layer < config.layer_count() && !config.whole_texts; ++layer) {
    const AttentionConfig* const attention = config.find_attention(layer);
    if (attention != nullptr) memory.window_tokens = std::max(memory.window_tokens, attention->window);
  }
  return memory;
}

void share_memory(const ContextMemory& memory, uint64_t bytes, Limits& limits) {
  const ContextShare whole{.memory = memory, .bytes = bytes};
  share_memory(memory, {&whole, 1}, limits);
}

void share_memory(const ContextMemory& memory, std::span<const ContextShare> shares, Limits& limits) {
  const int64_t context_blocks = ceil_div(limits.context_tokens, limits.block_tokens);
  const bool apart = memory.windows_apart(limits.context_tokens);
  const int64_t windows = apart ? std::min(memory.window_blocks(), context_blocks) : 0;
  // Beside them what the prompts of one step see, and where one context runs at a time the end of another, which may go
  // on.
  const int64_t ends = limits.running_max == 1 ? windows : 0;
  const int64_t step_windows = apart ? ceil_div(limits.step_tokens_max, limits.block_tokens) + 1 : 0;
  // A context's own state, the snapshot that follows it, and those of its prompt.
  if (memory.state_bytes > 0) limits.snapshot_tokens = memory.snapshot_tokens();
  const int64_t states = memory.state_bytes > 0 ? 2 + limits.context_tokens / limits.snapshot_tokens : 0;
  const int64_t beside = step_windows + ends;
  const bool full_alone = windows == 0 && states == 0;

  double contexts = static_cast<double>(int32_max);
  uint64_t whole = int32_max;  // blocks, where there is nothing else
  for (const auto& [part, bytes] : shares) {
    const int64_t full_bytes = part.bytes_of(MemoryClass::full, limits.context_tokens);
    const int64_t window_bytes = part.bytes_of(MemoryClass::window, limits.context_tokens);
    const int64_t context_bytes = context_blocks * full_bytes + windows * window_bytes + states * part.state_bytes;
    const auto left = static_cast<double>(bytes) - static_cast<double>(beside * window_bytes);
    if (context_bytes == 0 && shares.size() > 1) continue;  // nothing of a context lies there
    contexts = std::min(contexts, std::max(0.0, left) / static_cast<double>(std::max<int64_t>(1, context_bytes)));
    whole = std::min(whole, bytes / static_cast<uint64_t>(std::max<int64_t>(1, full_bytes)));
  }

  // Whole texts hold blocks for one step, and each begins one: more than its rows need nobody would use.
  const int64_t step_blocks =
      std::max<int64_t>(limits.step_tokens_max / limits.block_tokens, context_blocks) + limits.running_max;
  const int64_t useful = memory.whole_texts ? step_blocks : context_blocks * limits.running_max;
  const auto share = [&](int64_t of_context) {
    return static_cast<int64_t>(std::min(contexts * static_cast<double>(of_context), static_cast<double>(int32_max)));
  };
  const auto at_most = [&](int64_t of_context) { return of_context * limits.running_max; };
  limits.block_count = within(full_alone ? static_cast<int64_t>(whole) : share(context_blocks), 1, useful);
  limits.window_tokens = apart ? static_cast<int32_t>(memory.window_tokens) : 0;
  limits.window_block_count =
      apart ? within(share(windows) + beside, memory.window_blocks() + 1, at_most(windows) + beside) : 0;
  limits.state_count = states > 0 ? within(share(states), 2, at_most(states)) : 0;
}

void add_states(const ModelConfig& config, Limits& limits) {
  if (state_size_bytes(config) > 0) limits.state_count = 2 * limits.running_max;
}

}  // namespace quire
