// A model's layers in stages on several backends have the bits that they have on one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "model/loaded_model.h"
#include "model/placement/placement.h"
#include "support/family_golden.h"
#include "support/model_walk.h"
#include "support/random_model.h"

namespace quire::test {
namespace {

class Stages : public testing::Test {
 protected:
  // Stages that begin with these layers, on backends of two tables in turn.
  Placer in_stages(std::vector<int64_t> begins) {
    return [this, begins = std::move(begins)](const gguf::File&, const ModelConfig& config,
                                              const ModelOptions&) -> Result<std::vector<PlacedStage>> {
      std::vector<PlacedStage> placed;
      for (size_t i = 0; i < begins.size(); ++i) {
        const int64_t end = i + 1 < begins.size() ? begins[i + 1] : config.layer_count();
        placed.push_back({.backend = std::make_unique<CpuBackend>(team_, i % 2 == 0 ? scalar_ : best_),
                          .layers = {.begin = begins[i], .end = end}});
      }
      return placed;
    };
  }

  std::vector<float> values_of(const gguf::File& file, std::span<const TokenId> tokens, std::vector<int64_t> begins) {
    const auto progress = [](uint64_t, uint64_t) { return true; };
    const auto loaded = take(quire::LoadedModel::load(file, in_stages(std::move(begins)), {}, progress));
    return walk(take(loaded->make_instance(walk_limits())), tokens);
  }

  // cuts: where stages begin, of each way of cutting.
  void expect_same(const gguf::File& file, std::span<const TokenId> tokens,
                   const std::vector<std::vector<int64_t>>& cuts) {
    const std::vector<float> expected = values_of(file, tokens, {0});
    for (const std::vector<int64_t>& begins : cuts) {
      SCOPED_TRACE(testing::PrintToString(begins));
      const std::vector<float> found = values_of(file, tokens, begins);
      ASSERT_EQ(found.size(), expected.size());
      EXPECT_EQ(std::memcmp(found.data(), expected.data(), found.size() * sizeof(float)), 0);
    }
  }

  Team team_{1};
  const KernelTable& scalar_ = *find_kernel_table("scalar");
  const KernelTable& best_ = best_table_with_scalar_bits();
};

TEST_F(Stages, of_every_family_have_the_bits_of_the_whole) {
  size_t count = 0;
  std::set<std::string> not_cut_everywhere;
  for (const auto& entry : std::filesystem::directory_iterator(QUIRE_SOURCE_DIR "/tests/data/families")) {
    if (entry.path().extension() != ".json") continue;
    SCOPED_TRACE(entry.path().stem());
    const FamilyGolden golden = read_family_golden(entry.path());
    const std::vector<std::byte> bytes = family_file(golden);
    const gguf::File file = take(gguf::File::parse(bytes));
    const std::vector<TokenId> tokens(golden.tokens.begin(), golden.tokens.begin() + 8);
    const ModelConfig config = take(read_config(file, KvType::f16));
    // One cut of each, not always the first.
    std::vector<int64_t> layers;
    for (int64_t layer = 1; layer < config.layer_count(); ++layer) {
      if (may_begin_stage(config, layer)) layers.push_back(layer);
    }
    if (std::ssize(layers) < config.layer_count() - 1) not_cut_everywhere.insert(config.architecture);
    if (layers.empty()) continue;
    const int64_t begin = layers[count++ % layers.size()];
    expect_same(file, tokens, {{0, begin}});
  }
  EXPECT_GT(count, 40U);
  EXPECT_THAT(not_cut_everywhere, testing::IsSubsetOf({"gemma3n", "gemma4"}));
}

TEST_F(Stages, as_many_as_layers_have_the_bits_of_the_whole) {
  const std::vector<std::byte> bytes = synthesize({.type = ElementType::q4_0, .layers = 4});
  const gguf::File file = take(gguf::File::parse(bytes));
  expect_same(file, std::vector<TokenId>{1, 5, 9, 20, 33, 7, 7, 12}, {{0, 1, 2, 3}});
}

TEST_F(Stages, have_the_weights_of_their_layers_and_both_ends) {
  const std::vector<std::byte> bytes = synthesize({.type = ElementType::q8_0, .layers = 3});
  const gguf::File file = take(gguf::File::parse(bytes));
  std::vector<gguf::TensorSpec> specs;
  for (const TensorView& tensor : file.tensors()) {
    specs.push_back({.name = tensor.name, .type = tensor.type, .shape = tensor.shape});
  }
  const ModelConfig config = take(read_config(file, KvType::f16));
  const WeightSizes sizes = take(weight_sizes(config, specs));
  ASSERT_EQ(sizes.layers.size(), 3U);
  const auto loaded =
      take(quire::LoadedModel::load(file, in_stages({0, 2}), {}, [](uint64_t, uint64_t) { return true; }));
  EXPECT_EQ(loaded->model().weight_size_bytes(0), sizes.before + sizes.layers[0] + sizes.layers[1]);
  EXPECT_EQ(loaded->model().weight_size_bytes(1), sizes.layers[2] + sizes.behind);
  EXPECT_EQ(loaded->model().weight_size_bytes(), sizes.packed());
  EXPECT_GT(sizes.behind, sizes.tables / 2);  // the output matrix
}

}  // namespace
}  // namespace quire::test
