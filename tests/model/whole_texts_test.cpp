// Models whose rows see what follows them: each text has its own bits whatever else is in the step, and a file that is
// not what its family expects is refused by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "kernel_tables.h"
#include "model/pooling.h"
#include "support/family_golden.h"
#include "support/random_model.h"
#include "support/runner.h"
#include "test_data.h"

namespace quire {
namespace {

using Text = std::vector<TokenId>;

test::FamilyGolden golden_of(const std::string& name) {
  return test::read_family_golden(test::own_data_dir() / "families" / (name + ".json"));
}

// Enough for all texts in one step.
constexpr Limits limits = {.block_count = 16, .context_tokens = 96, .running_max = 8, .step_tokens_max = 256};

// Around the ends of chunks of keys, and beyond the longest window.
std::vector<Text> random_texts(std::mt19937& random) {
  std::vector<Text> texts;
  for (const size_t length : {1, 31, 32, 33, 70, 5}) {
    Text text(length);
    for (TokenId& token : text) token = static_cast<TokenId>(random() % 64);
    texts.push_back(std::move(text));
  }
  return texts;
}

// All rows of texts that are computed in one step, by text.
std::vector<std::vector<float>> rows_of(test::Runner& runner, const std::vector<Text>& texts) {
  const std::vector<std::span<const TokenId>> spans(texts.begin(), texts.end());
  runner.read_texts(spans);
  std::vector<std::vector<float>> all;
  int32_t row = 0;
  for (const Text& text : texts) {
    std::vector<int32_t> rows(text.size());
    std::iota(rows.begin(), rows.end(), row);
    row += static_cast<int32_t>(text.size());
    const std::span<const float> values = runner.states(rows).values;
    all.emplace_back(values.begin(), values.end());
  }
  return all;
}

void expect_company_does_not_show(const std::vector<std::byte>& bytes) {
  for (const KernelTable* kernels : test::every_arithmetic()) {
    SCOPED_TRACE(kernels->name);
    test::LoadedModel one_thread(test::take(gguf::File::parse(bytes)), *kernels, 1);
    test::LoadedModel two_threads(test::take(gguf::File::parse(bytes)), *kernels, 2);
    ASSERT_TRUE(one_thread.model.config().whole_texts);
    std::mt19937 random(1);
    const std::vector<Text> texts = random_texts(random);
    test::Runner alone(one_thread, limits);
    std::vector<std::vector<float>> expected;
    for (const Text& text : texts) expected.push_back(rows_of(alone, {text}).front());
    test::Runner together(two_threads, limits);
    std::vector<size_t> order(texts.size());
    std::iota(order.begin(), order.end(), 0);
    for (int permutation = 0; permutation < 3; ++permutation) {
      std::vector<Text> permuted;
      for (const size_t index : order) permuted.push_back(texts[index]);
      const auto found = rows_of(together, permuted);
      for (size_t i = 0; i < order.size(); ++i) {
        const std::vector<float>& wanted = expected[order[i]];
        ASSERT_EQ(found[i].size(), wanted.size());
        EXPECT_EQ(0, std::memcmp(found[i].data(), wanted.data(), wanted.size() * sizeof(float)))
            << "text " << order[i] << " in permutation " << permutation;
      }
      std::ranges::shuffle(order, random);
    }
  }
}

class WholeTexts : public testing::TestWithParam<const char*> {};

TEST_P(WholeTexts, have_the_same_bits_alone_and_in_company) {
  expect_company_does_not_show(test::family_file(golden_of(GetParam())));
}

TEST_P(WholeTexts, have_them_with_quantized_weights_and_keys_in_f16) {
  const std::vector<std::byte> exact = test::family_file(golden_of(GetParam()));
  expect_company_does_not_show(test::requantize(test::take(gguf::File::parse(exact)), ElementType::q8_0));
}

TEST_P(WholeTexts, are_seen_by_every_row_to_their_end) {
  const std::vector<std::byte> bytes = test::family_file(golden_of(GetParam()));
  test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), *supported_kernel_tables().back(), 1);
  test::Runner runner(loaded, limits);
  Text text(70, 7);
  const std::vector<float> before = rows_of(runner, {text}).front();
  text.back() = 8;
  const std::vector<float> after = rows_of(runner, {text}).front();
  EXPECT_NE(0, std::memcmp(before.data(), after.data(), 8 * sizeof(float)));
}

INSTANTIATE_TEST_SUITE_P(Of, WholeTexts,
                         testing::Values("bert", "nomic-bert", "jina-bert-v3", "modern-bert", "gemma-embedding"),
                         [](const testing::TestParamInfo<const char*>& tested) {
                           std::string name = tested.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

// A head's bits depend on its row alone, and what is behind it is still there.
TEST(Heads, give_the_same_bits_again) {
  for (const char* name : {"gemma-embedding-dense", "bert-rerank", "qwen3-rerank"}) {
    SCOPED_TRACE(name);
    const std::vector<std::byte> bytes = test::family_file(golden_of(name));
    std::vector<float> first;
    for (const int workers : {1, 2}) {
      test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), *supported_kernel_tables().back(), workers);
      test::Runner runner(loaded, {.block_count = 2, .context_tokens = 64, .running_max = 1, .step_tokens_max = 64});
      std::vector<float> row(static_cast<size_t>(loaded.model.config().width));
      for (size_t i = 0; i < row.size(); ++i) row[i] = 0.1F * static_cast<float>(i % 7) - 0.3F;
      const std::span<const float> values = runner.head(row);
      if (first.empty()) first.assign(values.begin(), values.end());
      ASSERT_EQ(values.size(), first.size());
      EXPECT_EQ(0, std::memcmp(values.data(), first.data(), values.size_bytes()));
    }
  }
}

std::string load_error(const test::FamilyGolden& golden) {
  const std::vector<std::byte> bytes = test::family_file(golden);
  const gguf::File file = test::take(gguf::File::parse(bytes));
  Team team(1);
  CpuBackend backend(team, *supported_kernel_tables().back());
  const Result<Model> model = Model::load(file, backend);
  return model ? "" : model.error().message;
}

TEST(Encoders, are_refused_by_what_is_wrong) {
  test::FamilyGolden golden = golden_of("bert");
  golden.metadata.set("bert.context_length", uint32_t{128});
  EXPECT_THAT(load_error(golden), testing::HasSubstr("position_embd.weight: found shape [32, 256"));
  golden = golden_of("bert");
  std::erase_if(golden.tensors, [](const auto& tensor) { return tensor.name == "token_embd_norm.weight"; });
  EXPECT_THAT(load_error(golden), testing::HasSubstr("token_embd_norm.weight: not in the file"));
  golden = golden_of("bert");
  golden.tensors.push_back({.name = "cls.weight", .shape = {32, 1, 1, 1}});  // a classifier that no head is known for
  EXPECT_THAT(load_error(golden), testing::HasSubstr("cls.weight: not part of architecture bert"));
  golden = golden_of("modern-bert");
  golden.metadata.set("modern-bert.hidden_activation", std::string("relu"));
  EXPECT_THAT(load_error(golden), testing::HasSubstr("hidden_activation: found \"relu\""));
}

std::string pooling_error(test::FamilyGolden golden, uint32_t type) {
  golden.metadata.set(golden.architecture + ".pooling_type", type);
  const std::vector<std::byte> bytes = test::family_file(golden);
  const Result<Pooling> pooling = read_pooling(test::take(gguf::File::parse(bytes)));
  return pooling ? "" : pooling.error().message;
}

TEST(Poolings, are_refused_by_their_number) {
  EXPECT_THAT(pooling_error(golden_of("bert"), 0), testing::HasSubstr("bert.pooling_type is 0"));
  EXPECT_THAT(pooling_error(golden_of("bert"), 5), testing::HasSubstr("bert.pooling_type is 5"));
  EXPECT_THAT(pooling_error(golden_of("bert"), 4), testing::HasSubstr("bert.pooling_type is 4, a rank"));
  EXPECT_EQ(pooling_error(golden_of("bert-rerank"), 4), "");
}

// Where no key says it.
TEST(Poolings, follow_from_what_rows_see) {
  for (const auto& [name, expected] :
       {std::pair{"bert", Pooling::mean}, {"bert-rerank", Pooling::first}, {"qwen3-rerank", Pooling::last}}) {
    test::FamilyGolden golden = golden_of(name);
    golden.metadata.erase(golden.architecture + ".pooling_type");
    const std::vector<std::byte> bytes = test::family_file(golden);
    EXPECT_EQ(test::take(read_pooling(test::take(gguf::File::parse(bytes)))), expected) << name;
  }
}

}  // namespace
}  // namespace quire
