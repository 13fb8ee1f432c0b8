// The same bits for a token of a model with recurrent layers, however its rows were cut into slices, in whichever
// company, from a snapshot or not, guessed first or not. Compared with memcmp, on each table of this machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "kernel_tables.h"
#include "support/family_golden.h"
#include "support/random_model.h"
#include "support/runner.h"
#include "test_data.h"

namespace quire {
namespace {

constexpr int32_t block_tokens = 32;
constexpr size_t length = 67;
constexpr size_t sequence_count = 3;
constexpr int32_t snapshot_state = sequence_count;  // the first number of those behind the sequences' own

Limits limits() {
  return {.block_count = 3 * sequence_count,
          .state_count = sequence_count + 3,
          .context_tokens = 96,
          .running_max = 40,
          .step_tokens_max = 300,
          .draft_rows_max = 24};
}

std::vector<BlockId> blocks_of(size_t sequence) {
  const auto first = static_cast<int32_t>(3 * sequence);
  return {{first}, {first + 1}, {first + 2}};
}

class Sequence {
 public:
  Sequence(size_t index, test::LoadedModel& loaded, std::mt19937& random) : blocks(blocks_of(index)) {
    state = {static_cast<int32_t>(index)};
    for (size_t i = 0; i < length; ++i) {
      tokens.push_back(static_cast<TokenId>(random() % static_cast<uint64_t>(loaded.model.vocab_size())));
    }
    expected = test::Runner(loaded, limits()).one_by_one(tokens, blocks_of(0));
  }

  // The next `certain` tokens, then guesses, `right` of which are the tokens behind them.
  test::Runner::Part part(size_t certain, size_t right, size_t wrong) {
    step_tokens.assign(tokens.begin() + static_cast<ptrdiff_t>(computed),
                       tokens.begin() + static_cast<ptrdiff_t>(computed + certain + right));
    for (size_t i = 0; i < wrong; ++i) {
      const size_t behind = computed + certain + right + i;
      step_tokens.push_back(behind < length ? (tokens[behind] + 1) % 7 : 3);
    }
    return {.tokens = step_tokens,
            .position = static_cast<int32_t>(computed),
            .blocks = blocks,
            .state = state,
            .drafted = static_cast<int32_t>(right + wrong),
            .logits_rows = static_cast<int32_t>(1 + right + wrong)};
  }

  // Row `row` of these logits is position `position`'s.
  testing::AssertionResult has(const Logits& logits, int32_t row, size_t position) const {
    const auto vocab = static_cast<size_t>(logits.vocab);
    const std::span<const float> found = logits.row(row);
    if (std::memcmp(found.data(), expected.data() + position * vocab, vocab * sizeof(float)) == 0) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << "sequence " << state.value << " at " << position;
  }

  std::vector<TokenId> tokens;
  std::vector<float> expected;  // logits of each position, one token a step
  std::vector<BlockId> blocks;
  BlockId state;
  size_t computed = 0;
  std::vector<TokenId> step_tokens;
};

void expect_chunks_do_not_show(test::LoadedModel& loaded, std::span<const size_t> sizes, std::mt19937& random) {
  Sequence sequence(0, loaded, random);
  for (const size_t chunk : sizes) {
    test::Runner runner(loaded, limits());
    for (sequence.computed = 0; sequence.computed < length;) {
      const size_t count = std::min(chunk, length - sequence.computed);
      const test::Runner::Part part = sequence.part(count, 0, 0);
      const Logits logits = runner.step({&part, 1});
      sequence.computed += count;
      ASSERT_TRUE(sequence.has(logits, 0, sequence.computed - 1)) << "in chunks of " << chunk;
    }
  }
}

// Sequences that advance by random slices with guesses, in random company.
void expect_company_and_guesses_do_not_show(test::LoadedModel& alone, test::LoadedModel& together,
                                            std::mt19937& random) {
  std::vector<Sequence> sequences;
  for (size_t s = 0; s < sequence_count; ++s) sequences.emplace_back(s, alone, random);
  test::Runner runner(together, limits());
  const auto is_done = [](const Sequence& sequence) { return sequence.computed == length; };
  while (!std::ranges::all_of(sequences, is_done)) {
    std::vector<test::Runner::Part> parts;
    std::vector<Sequence*> who;
    std::vector<int32_t> right;
    for (Sequence& sequence : sequences) {
      const size_t left = length - sequence.computed;
      if (left == 0 || random() % 4 == 0) continue;
      const size_t certain = random() % 2 == 0 ? 1 : 1 + random() % left;
      right.push_back(static_cast<int32_t>(random() % (std::min<size_t>(left - certain, 4) + 1)));
      parts.push_back(sequence.part(certain, static_cast<size_t>(right.back()), random() % 4));
      who.push_back(&sequence);
    }
    if (parts.empty()) continue;
    const Logits logits = runner.step(parts);
    int32_t row = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      const test::Runner::Part& part = parts[i];
      who[i]->computed += part.tokens.size() - static_cast<size_t>(part.drafted);
      for (int32_t guess = 0; guess <= right[i]; ++guess) {
        ASSERT_TRUE(who[i]->has(logits, row + guess, who[i]->computed - 1 + static_cast<size_t>(guess)));
      }
      row += part.logits_rows;
      if (part.drafted > 0 && random() % 4 == 0) right[i] = static_cast<int32_t>(random() % 2) * right[i];
      who[i]->computed += static_cast<size_t>(right[i]);
    }
    if (random() % 8 != 0 || std::ranges::any_of(right, [](int32_t count) { return count > 0; })) runner.keep(right);
  }
}

// Snapshots on the way, from which others go on.
void expect_snapshots_are_states(test::LoadedModel& loaded, std::mt19937& random) {
  Sequence sequence(0, loaded, random);
  test::Runner runner(loaded, limits());
  const std::array<StateSnapshot, 2> snapshots = {
      {{.position = 32, .state = {snapshot_state}}, {.position = 64, .state = {snapshot_state + 1}}}};
  test::Runner::Part whole = sequence.part(length - 1, 0, 0);
  whole.snapshots = snapshots;
  (void)runner.step({&whole, 1});
  for (const StateSnapshot& snapshot : snapshots) {
    for (const size_t chunk : {size_t{1}, size_t{3}, length}) {
      // Another sequence with the same blocks up to there; its first rows write no block that it shares.
      sequence.computed = static_cast<size_t>(snapshot.position);
      sequence.state = {1};
      BlockId from = snapshot.state;
      while (sequence.computed < length) {
        const size_t count = std::min(chunk, length - sequence.computed);
        test::Runner::Part part = sequence.part(count, 0, 0);
        part.state_from = from;
        const Logits logits = runner.step({&part, 1});
        sequence.computed += count;
        ASSERT_TRUE(sequence.has(logits, 0, sequence.computed - 1)) << "from " << snapshot.position;
        from = {};
      }
      runner.forget_states(1, 1);
    }
  }
}

std::vector<std::byte> golden_file(const std::string& name) {
  return test::family_file(test::read_family_golden(test::own_data_dir() / "families" / (name + ".json")));
}

class Recurrent : public testing::TestWithParam<std::string> {
 protected:
  void expect_the_same_bits(const std::vector<std::byte>& bytes) {
    for (const KernelTable* kernels : test::every_arithmetic()) {
      SCOPED_TRACE(kernels->name);
      test::LoadedModel one_thread(test::take(gguf::File::parse(bytes)), *kernels, 1);
      test::LoadedModel two_threads(test::take(gguf::File::parse(bytes)), *kernels, 2);
      std::mt19937 random(1);
      expect_chunks_do_not_show(two_threads, std::array<size_t, 3>{2, 33, length}, random);
      expect_company_and_guesses_do_not_show(one_thread, two_threads, random);
      expect_snapshots_are_states(two_threads, random);
      if (HasFatalFailure()) return;
    }
  }
};

TEST_P(Recurrent, has_the_same_bits_in_f32) { expect_the_same_bits(golden_file(GetParam())); }

TEST_P(Recurrent, has_the_same_bits_in_q8_0) {
  const std::vector<std::byte> bytes = golden_file(GetParam());
  const gguf::File file = test::take(gguf::File::parse(bytes));
  expect_the_same_bits(test::requantize(file, ElementType::q8_0));
}

TEST_P(Recurrent, has_the_same_bits_in_chunks_of_every_size) {
  const std::vector<std::byte> bytes = golden_file(GetParam());
  test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), *supported_kernel_tables().back(), 2);
  std::vector<size_t> sizes(length);
  std::iota(sizes.begin(), sizes.end(), 1);
  std::mt19937 random(2);
  expect_chunks_do_not_show(loaded, sizes, random);
}

TEST_P(Recurrent, has_the_scalar_tables_bits_in_every_table) {
  const std::vector<std::byte> bytes = golden_file(GetParam());
  std::vector<float> expected;
  for (const KernelTable* kernels : supported_kernel_tables()) {  // all weights are F32, so they are one arithmetic
    test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), *kernels, 1);
    std::mt19937 random(4);
    const Sequence sequence(0, loaded, random);
    if (expected.empty()) expected = sequence.expected;
    EXPECT_EQ(std::memcmp(sequence.expected.data(), expected.data(), expected.size() * sizeof(float)), 0)
        << kernels->name;
  }
}

INSTANTIATE_TEST_SUITE_P(Each, Recurrent, testing::Values("lfm2", "qwen35", "qwen3next", "nemotron_h", "falcon_h1"),
                         [](const testing::TestParamInfo<std::string>& tested) { return tested.param; });

TEST(RecurrentDeathTest, a_state_is_read_where_it_stands) {
  const std::vector<std::byte> bytes = golden_file("lfm2");
  test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), *supported_kernel_tables().back(), 1);
  std::mt19937 random(3);
  Sequence sequence(0, loaded, random);
  test::Runner runner(loaded, limits());
  const test::Runner::Part first = sequence.part(4, 0, 0);
  (void)runner.step({&first, 1});
  sequence.computed = 3;
  const test::Runner::Part again = sequence.part(2, 0, 0);
  EXPECT_DEATH((void)runner.step({&again, 1}), "a state is read at the position that it stands at");
  sequence.computed = 4;
  const test::Runner::Part next = sequence.part(1, 0, 0);
  test::Runner::Part other = next;
  other.state_from = next.state;
  other.state = {1};
  const std::array<test::Runner::Part, 2> both = {other, next};
  EXPECT_DEATH((void)runner.step(both), "a state that another slice reads is not written");
  runner.forget_states(0, 1);
  EXPECT_DEATH((void)runner.step({&next, 1}), "a state is read at the position that it stands at");
}

// What read_config says of a golden with one key changed.
std::string config_error(const std::string& name, const std::string& key, gguf::Value value) {
  test::FamilyGolden golden = test::read_family_golden(test::own_data_dir() / "families" / (name + ".json"));
  golden.metadata.set(golden.architecture + "." + key, std::move(value));
  const std::vector<std::byte> bytes = test::family_file(golden);
  const auto config = read_config(test::take(gguf::File::parse(bytes)), KvType::f16);
  return config ? "" : config.error().message;
}

TEST(RecurrentConfig, what_cannot_be_is_refused_by_its_key) {
  EXPECT_EQ(config_error("qwen35", "full_attention_interval", uint32_t{4}), "");
  EXPECT_THAT(config_error("lfm2", "attention.causal", false),
              testing::HasSubstr("lfm2.attention.causal: found false"));
  EXPECT_THAT(config_error("lfm2", "shortconv.l_cache", uint32_t{17}), testing::HasSubstr("lfm2.shortconv.l_cache"));
  EXPECT_THAT(config_error("lfm2", "attention.head_count_kv", std::vector<int32_t>{0, 2}),
              testing::HasSubstr("lfm2.attention.head_count_kv: found numbers of 2 layers"));
  EXPECT_THAT(config_error("qwen35", "ssm.state_size", uint32_t{1024}), testing::HasSubstr("qwen35.ssm.state_size"));
  EXPECT_THAT(config_error("qwen35", "ssm.group_count", uint32_t{3}),
              testing::HasSubstr("qwen35.ssm.group_count: found 3, expected a divisor of ssm.time_step_rank, 4"));
  EXPECT_THAT(config_error("nemotron_h", "ssm.inner_size", uint32_t{65}),
              testing::HasSubstr("nemotron_h.ssm.inner_size: found 65, expected a multiple of ssm.time_step_rank, 8"));
  EXPECT_THAT(config_error("qwen35", "attention.recurrent_layers", std::vector<bool>{true}),
              testing::HasSubstr("qwen35.attention.recurrent_layers: found too few"));
}

TEST(States, have_the_size_of_what_their_layers_keep) {
  const auto size_of = [](const std::string& name) {
    const std::vector<std::byte> bytes = golden_file(name);
    return state_size_bytes(test::take(read_config(test::take(gguf::File::parse(bytes)), KvType::f16)));
  };
  EXPECT_EQ(size_of("qwen3"), 0);
  EXPECT_EQ(size_of("lfm2"), 4096) << "two layers of two rows of 32 floats, in whole pages";
  // Three layers: three rows of 64 channels, and four heads of 8 rows of 16 floats.
  EXPECT_EQ(size_of("qwen35"), 12288) << 3 * (3 * 64 + 4 * 8 * 16) * 4;
}

TEST(States, are_asked_for_by_their_number) {
  const std::vector<std::byte> bytes = golden_file("lfm2");
  test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), *supported_kernel_tables().back(), 1);
  Limits none = limits();
  none.state_count = 0;
  const auto instance = ModelInstance::create(loaded.model, loaded.backend, none);
  ASSERT_FALSE(instance.has_value());
  EXPECT_EQ(instance.error().message, "state_count: found 0, expected at least 1 for lfm2");
}

}  // namespace
}  // namespace quire
