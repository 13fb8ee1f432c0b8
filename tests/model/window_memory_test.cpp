// Layers with windows may have blocks of their own, which are let go once no later row sees them: the same bits as with
// every position in a full block, compared with memcmp on each table. What is let go is overwritten with NaN, and its
// place in the table is invalid.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernel_tables.h"
#include "model/kv_layout.h"
#include "model/kv_type.h"
#include "support/family_golden.h"
#include "support/random_model.h"
#include "support/runner.h"
#include "support/sanitized.h"
#include "test_data.h"

namespace quire {
namespace {

constexpr int32_t window_block_tokens = 32;
constexpr size_t walk_tokens = 5 * window_block_tokens;
constexpr size_t walk_sequences = 3;
constexpr size_t slice_max = 70;
constexpr size_t window_blocks_max = 4;  // of the rows of a slice, and of 7 before it

test::FamilyGolden windowed_golden(const std::string& name) {
  return test::read_family_golden(test::own_data_dir() / "families" / (name + ".json"));
}

gguf::File open_file(const std::vector<std::byte>& bytes) { return test::take(gguf::File::parse(bytes)); }

int64_t longest_window(const ModelConfig& config) {
  int64_t longest = 0;
  for (int64_t layer = 0; layer < config.layer_count(); ++layer) {
    if (const AttentionConfig* const attention = config.find_attention(layer)) {
      longest = std::max(longest, attention->window);
    }
  }
  return longest;
}

struct WindowSequence {
  std::vector<TokenId> tokens;
  std::vector<float> expected;  // (tokens, vocab)
  std::vector<BlockId> blocks, window_blocks;
  size_t computed = 0;
};

// Sequences that advance by random slices in company. Window blocks are as few as they can be: a slice gets those that
// it writes when it comes, and gives back those that no row behind it sees.
class WindowWalk {
 public:
  WindowWalk(test::LoadedModel& loaded, uint32_t seed)
      : window_(longest_window(loaded.model.config())),
        limits_{.block_tokens = window_block_tokens,
                .block_count = walk_sequences * walk_tokens / window_block_tokens,
                .window_block_count = walk_sequences * window_blocks_max,
                .context_tokens = walk_tokens,
                .running_max = 8,
                .step_tokens_max = 512},
        vocab_(static_cast<size_t>(loaded.model.vocab_size())),
        random_(seed),
        runner_(loaded, limits_) {
    Limits full = limits_;
    full.window_block_count = 0;
    const std::vector<BlockId> all = test::first_blocks(limits_.block_count * window_block_tokens, window_block_tokens);
    for (size_t s = 0; s < walk_sequences; ++s) {
      WindowSequence& sequence = sequences_.emplace_back();
      for (size_t i = 0; i < walk_tokens - s; ++i) {
        sequence.tokens.push_back(static_cast<TokenId>(random_() % vocab_));
      }
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(s * walk_tokens / window_block_tokens);
      sequence.blocks.assign(first, first + walk_tokens / window_block_tokens);
      sequence.window_blocks.assign(walk_tokens / window_block_tokens, BlockId{});
      sequence.expected = test::Runner(loaded, full).one_by_one(sequence.tokens, sequence.blocks);
    }
    free_.assign(all.begin(), all.begin() + limits_.window_block_count);
    std::shuffle(free_.begin(), free_.end(), random_);
  }

  void run() {
    while (std::ranges::any_of(sequences_, is_behind)) {
      step();
      if (testing::Test::HasFatalFailure()) return;
    }
    EXPECT_GT(let_go_, 0U);
  }

 private:
  static bool is_behind(const WindowSequence& sequence) { return sequence.computed < sequence.tokens.size(); }

  void step() {
    std::vector<test::Runner::Part> parts;
    std::vector<WindowSequence*> who;
    for (WindowSequence& sequence : sequences_) {
      if (!is_behind(sequence) || random_() % 3 == 0) continue;
      const size_t left = sequence.tokens.size() - sequence.computed;
      const size_t count = random_() % 2 == 0 ? 1 : 1 + random_() % std::min(left, slice_max);
      take_blocks(sequence, sequence.computed + count);
      parts.push_back({.tokens = std::span(sequence.tokens).subspan(sequence.computed, count),
                       .position = static_cast<int32_t>(sequence.computed),
                       .blocks = sequence.blocks,
                       .window_blocks = sequence.window_blocks});
      who.push_back(&sequence);
    }
    if (parts.empty()) return;
    const Logits logits = runner_.step(parts);
    for (size_t i = 0; i < who.size(); ++i) {
      who[i]->computed += parts[i].tokens.size();
      const std::span<const float> found = logits.row(static_cast<int32_t>(i));
      const float* const expected = who[i]->expected.data() + (who[i]->computed - 1) * vocab_;
      ASSERT_EQ(std::memcmp(found.data(), expected, found.size_bytes()), 0) << "at " << who[i]->computed - 1;
    }
    for (WindowSequence* sequence : who) let_go(*sequence);
  }

  void take_blocks(WindowSequence& sequence, size_t end) {
    for (size_t index = sequence.computed / window_block_tokens; index * window_block_tokens < end; ++index) {
      if (sequence.window_blocks[index].valid()) continue;
      sequence.window_blocks[index] = free_.back();
      free_.pop_back();
    }
  }

  // Of positions that the next row does not see.
  void let_go(WindowSequence& sequence) {
    const auto seen_begin = static_cast<int64_t>(sequence.computed) - window_ + 1;
    for (int64_t index = 0; (index + 1) * window_block_tokens <= seen_begin; ++index) {
      BlockId& block = sequence.window_blocks[static_cast<size_t>(index)];
      if (!block.valid()) continue;
      runner_.kv().fill(MemoryClass::window, {&block, 1}, std::byte{0xff});
      free_.insert(free_.begin(), block);
      block = BlockId{};
      ++let_go_;
    }
  }

  int64_t window_;
  Limits limits_;
  size_t vocab_;
  std::mt19937 random_;
  test::Runner runner_;
  std::vector<WindowSequence> sequences_;
  std::vector<BlockId> free_;
  size_t let_go_ = 0;
};

class WindowMemory : public testing::TestWithParam<const char*> {};

TEST_P(WindowMemory, has_the_bits_of_full_blocks) {
  const std::vector<std::byte> floats = test::family_file(windowed_golden(GetParam()));
  const std::vector<std::byte> halves = test::requantize(open_file(floats), ElementType::f16);
  for (const KernelTable* kernels : test::every_arithmetic()) {
    for (const KvType kv_type : {KvType::f32, KvType::f16, KvType::q8_0}) {
      if (test::is_sanitized && kv_type != KvType::f16) continue;
      SCOPED_TRACE(std::string(kernels->name) + ", " + std::string(kv_type_name(kv_type)));
      const bool exact = kv_type == KvType::f32;
      test::LoadedModel loaded(open_file(exact ? floats : halves), *kernels, 2, exact ? KvType::f16 : kv_type);
      ASSERT_EQ(loaded.model.config().kv_type, kv_type);
      WindowWalk(loaded, 7).run();
      if (HasFatalFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Each, WindowMemory,
                         testing::Values("cohere2", "exaone4-window", "gemma2", "gemma3", "gemma3n", "gemma3n-shared",
                                         "gemma4", "gemma4-e", "gemma4-shared", "gpt-oss", "laguna", "muse-glimmer",
                                         "olmo3", "phi3-window"),
                         [](const testing::TestParamInfo<const char*>& tested) {
                           std::string name = tested.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(WindowMemoryLayout, layers_that_read_others_keep_nothing) {
  const std::vector<std::byte> bytes = test::family_file(windowed_golden("gemma4-shared"));
  const ModelConfig config = test::take(read_config(open_file(bytes), KvType::f16));
  const KvLayout apart(config, window_block_tokens, true), together(config, window_block_tokens, false);
  // Two windows and a full layer, then three that read the second and the third; heads of 8 and 16 elements, two of
  // each have keys, all in floats.
  const auto of_heads_of = [](int64_t head_dim) { return 2 * 2 * int64_t{window_block_tokens} * head_dim * 4; };
  EXPECT_EQ(apart.block_size_bytes(MemoryClass::window), 2 * of_heads_of(8));
  EXPECT_EQ(apart.block_size_bytes(MemoryClass::full), of_heads_of(16));
  EXPECT_EQ(together.block_size_bytes(MemoryClass::full), 2 * of_heads_of(8) + of_heads_of(16));
  std::vector<int64_t> whose;
  for (const KvPlace& place : apart.layers()) whose.push_back(place.layer);
  EXPECT_EQ(whose, (std::vector<int64_t>{0, 1, 2, 1, 1, 2}));
}

}  // namespace
}  // namespace quire
