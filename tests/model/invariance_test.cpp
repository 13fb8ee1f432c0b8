// The same bits for a token, however it is computed: alone or in company, in chunks of any size, on one thread or two,
// in whichever blocks its sequence lies, as a prompt's or as an answer's. Compared with memcmp, on each table of this
// machine.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "kernel_tables.h"
#include "support/random_model.h"
#include "support/runner.h"
#include "test_data.h"

namespace quire {
namespace {

constexpr int32_t block_tokens = 32;

std::vector<TokenId> random_tokens(std::mt19937& random, size_t count, int64_t vocab) {
  std::vector<TokenId> tokens(count);
  for (TokenId& token : tokens) token = static_cast<TokenId>(random() % static_cast<uint64_t>(vocab));
  return tokens;
}

bool equal_rows(std::span<const float> found, std::span<const float> expected) {
  return found.size() == expected.size() && std::memcmp(found.data(), expected.data(), found.size_bytes()) == 0;
}

// Row `position` of (tokens, vocab).
std::span<const float> row_of(const std::vector<float>& logits, size_t position, const Logits& like) {
  const auto vocab = static_cast<size_t>(like.vocab);
  return std::span(logits).subspan(position * vocab, vocab);
}

constexpr size_t length = 67;          // two whole KV blocks and a part
constexpr int32_t prompt_length = 45;  // the other positions are generated ones

// A prompt in chunks of each size, against one token at a time.
void expect_chunks_do_not_show(test::LoadedModel& loaded, std::span<const size_t> sizes, std::mt19937& random) {
  const std::vector<TokenId> tokens = random_tokens(random, length, loaded.model.vocab_size());
  const std::vector<BlockId> blocks = test::first_blocks(length, block_tokens);
  const Limits limits{.block_count = 3, .context_tokens = 96, .running_max = 1, .step_tokens_max = 96};
  const std::vector<float> expected = test::Runner(loaded, limits).one_by_one(tokens, blocks, prompt_length);
  for (const size_t chunk : sizes) {
    SCOPED_TRACE("chunks of " + std::to_string(chunk));
    test::Runner runner(loaded, limits);
    for (size_t begin = 0; begin < length; begin += chunk) {
      const size_t count = std::min(chunk, length - begin);
      const test::Runner::Part part{.tokens = std::span(tokens).subspan(begin, count),
                                    .position = static_cast<int32_t>(begin),
                                    .blocks = blocks,
                                    .prompt_length = prompt_length};
      const Logits logits = runner.step({&part, 1});
      ASSERT_TRUE(equal_rows(logits.row(0), row_of(expected, begin + count - 1, logits))) << "from " << begin;
    }
  }
}

// Five sequences that advance by random slices in random company, in scattered blocks, against each one alone.
void expect_company_does_not_show(test::LoadedModel& alone, test::LoadedModel& together, std::mt19937& random) {
  constexpr size_t sequence_count = 4;
  constexpr int32_t block_count = 3 * sequence_count;
  const Limits limits{.block_count = block_count, .context_tokens = 96, .running_max = 8, .step_tokens_max = 512};
  std::vector<BlockId> all = test::first_blocks(block_count * block_tokens, block_tokens);
  std::shuffle(all.begin(), all.end(), random);

  std::vector<std::vector<TokenId>> tokens;
  std::vector<int32_t> prompt_lengths;
  std::vector<std::vector<float>> expected;
  for (size_t s = 0; s < sequence_count; ++s) {
    tokens.push_back(random_tokens(random, 20 + random() % 77, alone.model.vocab_size()));
    prompt_lengths.push_back(static_cast<int32_t>(1 + random() % tokens[s].size()));
    expected.push_back(
        test::Runner(alone, limits).one_by_one(tokens[s], test::first_blocks(96, block_tokens), prompt_lengths[s]));
  }
  test::Runner runner(together, limits);
  std::vector<size_t> computed(sequence_count, 0);
  while (computed != std::vector<size_t>(sequence_count, SIZE_MAX)) {
    std::vector<test::Runner::Part> parts;
    std::vector<size_t> who;
    for (size_t s = 0; s < sequence_count; ++s) {
      if (computed[s] == SIZE_MAX || random() % 3 == 0) continue;
      const size_t left = tokens[s].size() - computed[s];
      const size_t count = random() % 2 == 0 ? 1 : 1 + random() % left;
      parts.push_back({.tokens = std::span(tokens[s]).subspan(computed[s], count),
                       .position = static_cast<int32_t>(computed[s]),
                       .blocks = std::span(all).subspan(s * 3, 3),
                       .prompt_length = prompt_lengths[s]});
      who.push_back(s);
    }
    if (parts.empty()) continue;
    const Logits logits = runner.step(parts);
    for (size_t i = 0; i < who.size(); ++i) {
      const size_t s = who[i];
      computed[s] += parts[i].tokens.size();
      ASSERT_TRUE(equal_rows(logits.row(static_cast<int32_t>(i)), row_of(expected[s], computed[s] - 1, logits)))
          << "sequence " << s << " at " << computed[s] - 1;
      if (computed[s] == tokens[s].size()) computed[s] = SIZE_MAX;
    }
  }
}

// Which of a sequence's rows were a prompt's.
void expect_origins_do_not_show(test::LoadedModel& loaded, std::mt19937& random) {
  const std::vector<TokenId> tokens = random_tokens(random, length, loaded.model.vocab_size());
  const std::vector<BlockId> blocks = test::first_blocks(length, block_tokens);
  const Limits limits{.block_count = 3, .context_tokens = 96, .running_max = 1, .step_tokens_max = 96};
  const std::vector<float> as_prompt = test::Runner(loaded, limits).one_by_one(tokens, blocks);
  const std::vector<float> generated = test::Runner(loaded, limits).one_by_one(tokens, blocks, prompt_length);
  EXPECT_TRUE(equal_rows(generated, as_prompt));
}

void expect_the_same_bits(const std::function<gguf::File()>& open) {
  for (const KernelTable* kernels : test::every_arithmetic()) {
    SCOPED_TRACE(kernels->name);
    test::LoadedModel one_thread(open(), *kernels, 1);
    test::LoadedModel two_threads(open(), *kernels, 2);
    const uint32_t seed = 1;
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    expect_chunks_do_not_show(two_threads, std::array<size_t, 3>{2, 33, length}, random);
    expect_company_does_not_show(one_thread, two_threads, random);
    if (!two_threads.backend.prompt_rows_differ()) expect_origins_do_not_show(two_threads, random);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(Invariance, of_a_trained_model) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  expect_the_same_bits([&] { return test::take(gguf::File::open(path)); });
}

TEST(Invariance, in_chunks_of_every_size) {
  std::vector<size_t> sizes(length);
  std::iota(sizes.begin(), sizes.end(), 1);
  for (const ElementType type : {ElementType::f32, ElementType::q4_1}) {
    const std::vector<std::byte> bytes = test::synthesize({.type = type, .ffn_width = 64, .tied = true});
    test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), *supported_kernel_tables().back(), 2);
    std::mt19937 random(3);
    expect_chunks_do_not_show(loaded, sizes, random);
  }
}

TEST(Invariance, of_rows_that_are_slices_of_their_own_in_one_step) {
  const std::vector<std::byte> bytes = test::synthesize({.type = ElementType::q5_0, .ffn_width = 64});
  test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), *supported_kernel_tables().back(), 2);
  std::mt19937 random(4);
  const std::vector<TokenId> tokens = random_tokens(random, length, loaded.model.vocab_size());
  const std::vector<BlockId> blocks = test::first_blocks(length, block_tokens);
  const Limits limits{.block_count = 3, .context_tokens = 96, .running_max = 96, .step_tokens_max = 96};
  const std::vector<float> expected = test::Runner(loaded, limits).one_by_one(tokens, blocks, prompt_length);
  std::vector<test::Runner::Part> parts;
  for (size_t i = 0; i < length; ++i) {
    parts.push_back({.tokens = std::span(tokens).subspan(i, 1),
                     .position = static_cast<int32_t>(i),
                     .blocks = blocks,
                     .prompt_length = prompt_length});
  }
  test::Runner runner(loaded, limits);
  EXPECT_TRUE(equal_rows(runner.step(parts).values, expected));
}

class InvarianceOf : public testing::TestWithParam<test::Shape> {};

TEST_P(InvarianceOf, a_random_model) {
  const std::vector<std::byte> bytes = test::synthesize(GetParam());
  expect_the_same_bits([&] { return test::take(gguf::File::parse(bytes)); });
}

// Types that differ from IQ4_XS, Q3_K or TQ2_0 in nothing but what their codes stand for: tests of the engine and of
// kernels have them all.
constexpr ElementType like_others[] = {ElementType::iq3_s,  ElementType::iq3_xxs, ElementType::iq2_s,
                                       ElementType::iq2_xs, ElementType::iq2_xxs, ElementType::iq1_m,
                                       ElementType::iq1_s,  ElementType::tq1_0};

// Every other weight type, every architecture, head sizes from 8 to 128; rows that are not a multiple of any vector.
std::vector<test::Shape> shapes() {
  std::vector<test::Shape> result;
  for (const ElementTraits& traits : element_traits_table) {
    if (std::ranges::find(like_others, traits.type) != std::end(like_others)) continue;
    const int64_t width = traits.block_elements == 256 ? 256 : 64;
    const int64_t layers = traits.block_elements == 256 ? 1 : 2;
    result.push_back({.type = traits.type,
                      .layers = layers,
                      .width = width,
                      .ffn_width = width,
                      .heads = 2,
                      .kv_heads = 1,
                      .head_dim = width / 2,
                      .vocab = 40});
  }
  result.push_back({.architecture = "qwen2", .type = ElementType::q8_0, .width = 64, .ffn_width = 96, .vocab = 50});
  result.push_back({.architecture = "qwen3",
                    .type = ElementType::q4_0,
                    .width = 64,
                    .ffn_width = 96,
                    .heads = 1,
                    .kv_heads = 1,
                    .head_dim = 64,
                    .vocab = 50,
                    .tied = true});
  result.push_back({.architecture = "qwen3",
                    .type = ElementType::f32,
                    .width = 36,
                    .ffn_width = 52,
                    .heads = 6,
                    .kv_heads = 3,
                    .head_dim = 10,
                    .vocab = 33});
  for (const ElementType type : {ElementType::f16, ElementType::bf16, ElementType::q4_0}) {  // each form of a row
    result.push_back({.architecture = "qwen3moe",
                      .type = type,
                      .layers = 1,
                      .width = 64,
                      .ffn_width = 96,
                      .experts = 7,
                      .experts_used = 3,
                      .vocab = 40});
  }
  result.push_back({.type = ElementType::f16,
                    .width = 40,
                    .ffn_width = 44,
                    .heads = 3,
                    .kv_heads = 3,
                    .head_dim = 8,
                    .vocab = 33,
                    .rope_factors = true});
  return result;
}

INSTANTIATE_TEST_SUITE_P(Each, InvarianceOf, testing::ValuesIn(shapes()),
                         [](const testing::TestParamInfo<test::Shape>& tested) {
                           return tested.param.architecture + "_" +
                                  std::string(element_traits(tested.param.type).name) + "_head_" +
                                  std::to_string(tested.param.head_dim);
                         });

}  // namespace
}  // namespace quire
