// How a memory is shared among the classes of what contexts hold.
#include "model/context_memory.h"

#include <gtest/gtest.h>

namespace quire {
namespace {

constexpr int64_t row_bytes = 1024;  // of a token and layer

// Gemma 3 of 1 B: four layers see everything, 22 the last 512 positions.
constexpr ContextMemory gemma{.block_tokens = 32,
                              .block_bytes = 4 * 32 * row_bytes,
                              .window_block_bytes = 22 * 32 * row_bytes,
                              .window_tokens = 512};

Limits shared(const ContextMemory& memory, uint64_t bytes, int32_t contexts, int32_t tokens = 8192) {
  Limits limits{.block_tokens = 32, .context_tokens = tokens, .running_max = contexts, .step_tokens_max = 512};
  share_memory(memory, bytes, limits);
  return limits;
}

int64_t bytes_of(const ContextMemory& memory, const Limits& limits) {
  return limits.block_count * memory.bytes_of(MemoryClass::full, limits.context_tokens) +
         limits.window_block_count * memory.bytes_of(MemoryClass::window, limits.context_tokens) +
         limits.state_count * memory.state_bytes;
}

TEST(ContextMemory, full_contexts_with_windows_take_a_tenth_more_than_what_they_see) {
  const Limits limits = shared(gemma, uint64_t{64} << 30, 8);
  EXPECT_EQ(limits.block_count, 8 * 256);
  EXPECT_GE(limits.window_block_count, 8 * 17 + 17) << "those of all contexts, and what a step's prompts see";
  constexpr int64_t seen_bytes = 8 * row_bytes * (4 * 8192 + 22 * 512);
  EXPECT_LE(bytes_of(gemma, limits) * 10, seen_bytes * 11);
}

TEST(ContextMemory, a_context_that_has_ended_can_go_on_beside_one_that_runs) {
  EXPECT_GE(shared(gemma, uint64_t{64} << 30, 1).window_block_count, 2 * 17 + 17);
}

TEST(ContextMemory, windows_and_full_blocks_are_enough_for_as_many_contexts) {
  for (const int32_t contexts : {1, 4, 8, 64}) {
    for (uint64_t bytes = 64 << 20; bytes < (uint64_t{4} << 30); bytes += bytes / 3) {
      const Limits limits = shared(gemma, bytes, contexts);
      EXPECT_LE(bytes_of(gemma, limits), static_cast<int64_t>(bytes)) << contexts;
      EXPECT_GE(limits.window_block_count / 17, limits.block_count / 256) << contexts << " in " << bytes;
    }
  }
}

TEST(ContextMemory, windows_have_no_blocks_where_contexts_are_no_longer) {
  const Limits limits = shared(gemma, uint64_t{1} << 30, 8, 512);
  EXPECT_EQ(limits.window_block_count, 0);
  EXPECT_EQ(gemma.bytes_of(MemoryClass::full, 512), 26 * 32 * row_bytes);
}

TEST(ContextMemory, of_two_devices_the_one_with_less_room_decides) {
  constexpr ContextMemory first{.block_tokens = 32, .block_bytes = 3 * 32 * row_bytes};
  constexpr ContextMemory second{.block_tokens = 32, .block_bytes = 1 * 32 * row_bytes};
  constexpr ContextMemory both{.block_tokens = 32, .block_bytes = 4 * 32 * row_bytes};
  const auto blocks = [&](uint64_t first_bytes, uint64_t second_bytes) {
    Limits limits{.block_tokens = 32, .context_tokens = 8192, .running_max = 8, .step_tokens_max = 512};
    const ContextShare shares[] = {{.memory = first, .bytes = first_bytes}, {.memory = second, .bytes = second_bytes}};
    share_memory(both, shares, limits);
    return limits.block_count;
  };
  constexpr uint64_t of_second = 32 * row_bytes;
  EXPECT_EQ(blocks(300 * of_second, 200 * of_second), 100);
  EXPECT_EQ(blocks(900 * of_second, 40 * of_second), 40);
  EXPECT_EQ(blocks(uint64_t{1} << 40, uint64_t{1} << 40), 8 * 256) << "what its contexts need";
  EXPECT_EQ(blocks(0, uint64_t{1} << 40), 1);
}

TEST(ContextMemory, where_nothing_of_a_context_lies_has_no_say) {
  Limits limits{.block_tokens = 32, .context_tokens = 8192, .running_max = 8, .step_tokens_max = 512};
  constexpr ContextMemory none{.block_tokens = 32, .window_tokens = 512};
  const ContextShare shares[] = {{.memory = gemma, .bytes = uint64_t{1} << 30}, {.memory = none, .bytes = 0}};
  share_memory(gemma, shares, limits);
  const Limits alone = shared(gemma, uint64_t{1} << 30, 8);
  EXPECT_EQ(limits.block_count, alone.block_count);
  EXPECT_EQ(limits.window_block_count, alone.window_block_count);
}

TEST(ContextMemory, a_snapshot_saves_what_it_costs) {
  constexpr ContextMemory hybrid{.block_tokens = 32, .block_bytes = 6 * 32 * row_bytes, .state_bytes = 20 << 20};
  const int64_t saved_bytes = hybrid.snapshot_tokens() * 6 * row_bytes;
  EXPECT_GE(saved_bytes, hybrid.state_bytes);
  EXPECT_LT(saved_bytes - 32 * 6 * row_bytes, hybrid.state_bytes);
  const Limits limits = shared(hybrid, uint64_t{64} << 30, 16);
  EXPECT_EQ(limits.state_count, 16 * (2 + 8192 / limits.snapshot_tokens));
}

}  // namespace
}  // namespace quire
