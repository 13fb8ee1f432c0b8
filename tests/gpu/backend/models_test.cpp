// Whole models on the GPU's backend have the bits that the scalar table has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "gpu/backend/tested_gpu.h"
#include "support/family_golden.h"
#include "support/model_walk.h"
#include "support/random_model.h"
#include "support/runner.h"

namespace quire::test {
namespace {

std::vector<float> values_of(const gguf::File& file, Backend& on, std::span<const TokenId> tokens, KvType kv_type) {
  const Model model = take(Model::load(file, on, {.kv_type = kv_type}));
  return walk(take(ModelInstance::create(model, on, walk_limits())), tokens);
}

class GpuModels : public testing::Test {
 protected:
  void SetUp() override { QUIRE_GPU_OR_SKIP(); }

  void expect_same(const std::vector<std::byte>& bytes, std::span<const TokenId> tokens, KvType kv_type = KvType::f16) {
    const gguf::File file = take(gguf::File::parse(bytes));
    CpuBackend cpu(team_, *find_kernel_table("scalar"));
    const std::vector<float> expected = values_of(file, cpu, tokens, kv_type);
    const auto card = open_tested_gpu();
    const std::vector<float> found = values_of(file, *card->make_backend(team_), tokens, kv_type);
    ASSERT_EQ(found.size(), expected.size());
    EXPECT_EQ(std::memcmp(found.data(), expected.data(), found.size() * sizeof(float)), 0);
    EXPECT_GT(card->launches(), 20);
  }

  Team team_{1};
};

TEST_F(GpuModels, of_weights_in_each_kind_of_type_have_the_scalar_tables_logits) {
  const std::vector<TokenId> tokens = {1, 5, 9, 20, 33, 7, 7, 12};
  for (const ElementType type : {ElementType::f32, ElementType::bf16, ElementType::q4_0, ElementType::q8_0}) {
    SCOPED_TRACE(element_traits(type).name);
    expect_same(synthesize({.type = type}), tokens);
  }
  expect_same(synthesize({.type = ElementType::q4_k, .width = 256, .ffn_width = 256, .heads = 8, .head_dim = 32}),
              tokens, KvType::q8_0);
}

// Where a program is run that was made on another machine, what it reads came with it.
std::filesystem::path goldens() {
  const char* const data = std::getenv("QUIRE_TEST_DATA");
  const std::filesystem::path carried = std::filesystem::path(data != nullptr ? data : "") / "families";
  std::error_code ignored;
  return std::filesystem::exists(carried, ignored) ? carried : QUIRE_SOURCE_DIR "/tests/data/families";
}

std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  std::error_code ignored;  // a folder that is not there: the test says so
  for (const auto& entry : std::filesystem::directory_iterator(goldens(), ignored)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

bool has_biases_of_experts(const FamilyGolden& golden) {
  return std::ranges::any_of(golden.tensors,
                             [](const auto& tensor) { return tensor.name.ends_with(".bias") && tensor.shape[1] > 1; });
}

// A part of them a test, so that tests run side by side.
class GpuFamilies : public GpuModels, public testing::WithParamInterface<size_t> {};

constexpr size_t parts = 4;

TEST_P(GpuFamilies, have_the_scalar_tables_logits) {
  const std::vector<std::string> names = golden_names();
  ASSERT_GT(names.size(), 40U);
  for (size_t index = GetParam(); index < names.size(); index += parts) {
    if (!tests_family(names[index])) continue;
    SCOPED_TRACE(names[index]);
    const FamilyGolden golden = read_family_golden(goldens() / (names[index] + ".json"));
    const std::vector<TokenId> tokens(golden.tokens.begin(), golden.tokens.begin() + 8);
    const std::vector<std::byte> exact = family_file(golden);
    // In turns as it is, where keys and values are in f32, or with quantized weights, where they are in f16.
    const bool both = std::getenv("QUIRE_ALL_FAMILIES") != nullptr;
    const bool quantized =
        index / parts % 2 == 0 && !has_biases_of_experts(golden);  // requantize() takes them for matrices
    if (both || !quantized) expect_same(exact, tokens);
    if (quantized) expect_same(requantize(take(gguf::File::parse(exact)), ElementType::q8_0), tokens);
  }
}

INSTANTIATE_TEST_SUITE_P(Parts, GpuFamilies, testing::Range(size_t{0}, parts));

}  // namespace
}  // namespace quire::test
