// Each model family beside Hugging Face transformers, on tiny models whose weights are a function of their tensors'
// names (tools/goldens/families; docs/family_goldens.md says which switches of a family each golden is for).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "model/pooling.h"
#include "support/family_golden.h"
#include "support/runner.h"
#include "test_data.h"

namespace quire {
namespace {

// Goldens that are waiting for their family. Loading them must be an error that names the architecture: one that loads
// does not belong here any more.
const std::set<std::string> not_served_yet = {};

std::filesystem::path goldens_folder() { return test::own_data_dir() / "families"; }

std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  std::error_code ignored;  // a folder that is not there: the_goldens_are_here says so
  for (const auto& entry : std::filesystem::directory_iterator(goldens_folder(), ignored)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

TEST(FamilyGoldens, the_goldens_are_here) {
  const std::vector<std::string> names = golden_names();
  EXPECT_THAT(names, testing::IsSupersetOf({"llama", "llama-factors", "llama-linear", "qwen2", "qwen3"}));
  for (const std::string& name : not_served_yet) EXPECT_THAT(names, testing::Contains(name));
}

TEST(FamilyGoldens, a_number_for_each_layer_is_checked_for_each) {
  const auto error_with = [](const std::vector<int32_t>& heads) {
    test::FamilyGolden golden = test::read_family_golden(goldens_folder() / "laguna.json");
    golden.metadata.set("laguna.attention.head_count", heads);
    const std::vector<std::byte> bytes = test::family_file(golden);
    const gguf::File file = test::take(gguf::File::parse(bytes));
    const auto config = read_config(file, KvType::f16);
    return config ? "" : config.error().message;
  };
  EXPECT_EQ(error_with({4, 8, 8, 8, 4}), "");
  EXPECT_THAT(error_with({4, 8}), testing::HasSubstr("laguna.attention.head_count: found numbers of 2 layers"));
  EXPECT_THAT(error_with({4, 8, 0, 8, 4}), testing::HasSubstr("laguna.attention.head_count: found 0 for layer 2"));
  EXPECT_THAT(error_with({4, 8, 8, 8, 3}), testing::HasSubstr("laguna.attention.head_count_kv: found 2, expected a"));
}

// The rule, by values that were computed apart from it: a norm, a matrix and a bias.
TEST(FamilyGoldens, tensors_hold_what_the_generator_made_them_of) {
  const auto first = [](const char* name, std::array<int64_t, 4> shape) {
    return test::family_values({.name = name, .shape = shape}).front();
  };
  EXPECT_EQ(first("blk.0.attn_norm.weight", {32, 1, 1, 1}), 0x1.158a5ap+0F);
  EXPECT_EQ(first("blk.1.ffn_down.weight", {96, 32, 1, 1}), -0x1.e9f86p-5F);
  EXPECT_EQ(first("blk.0.attn_q.bias", {32, 1, 1, 1}), 0x1.3cbc7p-3F);
}

// A golden whose model files have a key that published ones do not: it says which of two models a file holds.
test::FamilyGolden read_golden(const std::string& name) {
  test::FamilyGolden golden = test::read_family_golden(goldens_folder() / (name + ".json"));
  if (name == "gpt-oss-truncated") golden.metadata.set("gpt-oss.rope.scaling.yarn_truncate", true);
  return golden;
}

class FamilyGolden : public testing::TestWithParam<std::string> {
 protected:
  FamilyGolden() : golden_(read_golden(GetParam())) {}

  // Root mean square of the error over that of what is expected.
  static void expect_near(const std::vector<float>& found, const test::FamilyGolden::Output& expected) {
    const size_t rows = expected.values.size() / expected.columns;
    double error = 0.0, size = 0.0;
    for (size_t row = 0; row < rows; ++row) {
      const size_t token = expected.rows.empty() ? 0 : expected.rows[row];
      ASSERT_LE((token + 1) * expected.columns, found.size());
      for (size_t i = 0; i < expected.columns; ++i) {
        const double wanted = expected.values[row * expected.columns + i];
        const double difference = found[token * expected.columns + i] - wanted;
        error += difference * difference;
        size += wanted * wanted;
      }
    }
    // Both sides compute in float32 (transformers its norms, turns and softmax, the rest in float64), in different
    // orders: 2^-24 a rounding, some hundred of them on the way, gives about 1e-6. KV in f16 gives 5e-4.
    EXPECT_LE(std::sqrt(error / size), 1e-5);
  }

  // Rows after the last norm, (tokens, width), all tokens in one step.
  std::vector<float> rows_of(test::Runner& runner, std::span<const BlockId> blocks) const {
    if (blocks.empty()) {
      const std::span<const TokenId> text = golden_.tokens;
      runner.read_texts({&text, 1});
    } else {
      const test::Runner::Part all{.tokens = golden_.tokens, .blocks = blocks};
      (void)runner.step({&all, 1});
    }
    std::vector<int32_t> rows(golden_.tokens.size());
    std::iota(rows.begin(), rows.end(), 0);
    const HiddenStates states = runner.states(rows);
    return {states.values.begin(), states.values.end()};
  }

  // The vector or rank that the rows become.
  static std::vector<float> of_text(const std::vector<float>& rows, test::LoadedModel& loaded, test::Runner& runner) {
    const std::vector<float> row = pooled(rows, loaded);
    const std::span<const float> result = runner.head(row);
    return {result.begin(), result.end()};
  }

  static std::vector<float> pooled(const std::vector<float>& rows, test::LoadedModel& loaded) {
    const Pooling pooling = test::take(read_pooling(loaded.file));
    const auto width = static_cast<size_t>(loaded.model.config().width);
    const size_t count = rows.size() / width;
    if (pooling == Pooling::first) return {rows.begin(), rows.begin() + static_cast<ptrdiff_t>(width)};
    if (pooling == Pooling::last) return {rows.end() - static_cast<ptrdiff_t>(width), rows.end()};
    EXPECT_EQ(pooling, Pooling::mean);
    std::vector<float> mean(width);
    for (size_t i = 0; i < rows.size(); ++i) mean[i % width] += rows[i] / static_cast<float>(count);
    return mean;
  }

  const test::FamilyGolden golden_;
};

TEST_P(FamilyGolden, is_computed_on_every_table_or_refused_by_its_name) {
  const std::vector<std::byte> bytes = test::family_file(golden_);
  {
    const gguf::File file = test::take(gguf::File::parse(bytes));
    Team team(1);
    CpuBackend backend(team, *supported_kernel_tables().back());
    const Result<Model> model = Model::load(file, backend);
    if (not_served_yet.contains(GetParam())) {
      ASSERT_FALSE(model.has_value()) << "it loads: take it out of not_served_yet";
      EXPECT_THAT(model.error().message, testing::HasSubstr(golden_.architecture));
      return;
    }
    ASSERT_TRUE(model.has_value()) << model.error().message;
  }
  const Limits limits{
      .block_count = 2, .state_count = 1, .context_tokens = 64, .running_max = 1, .step_tokens_max = 64};
  for (const KernelTable* kernels : supported_kernel_tables()) {
    SCOPED_TRACE(kernels->name);
    test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), *kernels, 1);
    ASSERT_EQ(loaded.model.config().kv_type, KvType::f32);
    test::Runner runner(loaded, limits);
    const bool whole = loaded.model.config().whole_texts;
    const std::vector<BlockId> blocks = test::first_blocks(whole ? 0 : 64, limits.block_tokens);
    for (const auto& [kind, expected] : golden_.outputs) {
      SCOPED_TRACE(kind);
      if (kind == "guesses" || kind == "second guess") {
        continue;  // of its MTP block: tests/engine/mtp_drafter_test.cpp
      } else if (kind == "logits") {
        expect_near(runner.one_by_one(golden_.tokens, blocks), expected);
      } else if (kind == "rows") {
        expect_near(rows_of(runner, blocks), expected);
      } else {
        EXPECT_TRUE(kind == "pooled" || kind == "rank") << "nothing computes this here";
        EXPECT_EQ(ranks(loaded.file), kind == "rank");
        expect_near(of_text(rows_of(runner, blocks), loaded, runner), expected);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Each, FamilyGolden, testing::ValuesIn(golden_names()),
                         [](const testing::TestParamInfo<std::string>& tested) {
                           std::string name = tested.param;
                           std::ranges::replace_if(
                               name, [](char c) { return c == '-' || c == '.'; }, '_');
                           return name;
                         });

}  // namespace
}  // namespace quire
