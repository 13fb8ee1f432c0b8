#include "gguf/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "gguf/describe.h"
#include "gguf/file.h"
#include "support/random_model.h"
#include "support/temporary_folder.h"
#include "support/tensor_bytes.h"
#include "tensor/dequantize.h"
#include "test_data.h"

namespace quire::gguf {
namespace {

using testing::HasSubstr;

std::vector<float> values_of(const TensorView& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.element_count()));
  dequantize(tensor.type, quire::test::bytes_of(tensor).data(), tensor.element_count(), values.data());
  return values;
}

class Convert : public testing::Test {
 protected:
  // A model of random weights with a vocabulary.
  File make(const std::string& architecture, ElementType type, const std::string& name = "a.gguf") {
    const test::Shape shape{
        .architecture = architecture, .type = type, .width = 256, .ffn_width = 512, .head_dim = 32, .tied = true};
    test::Draft draft = test::draft(shape);
    draft.metadata.set("general.name", std::string("small"));
    std::vector<std::string> tokens;
    for (int64_t i = 0; i < shape.vocab; ++i) tokens.push_back("token" + std::to_string(i));
    draft.metadata.set("tokenizer.ggml.tokens", std::move(tokens));
    return File::open(folder_.write(name, test::fill(draft, 1))).value();
  }

  Result<File> convert(const File& source, FileType type, int workers = 2, std::string name = "b.gguf") {
    Team team(workers);
    last_done_ = last_total_ = 0;
    QUIRE_TRY_VOID(convert_file(source, type, dir_ / name, team, [&](uint64_t done, uint64_t total) {
      EXPECT_GE(done, last_done_);
      last_done_ = done;
      last_total_ = total;
    }));
    return File::open(dir_ / name);
  }

  quire::test::TemporaryFolder folder_;
  std::filesystem::path dir_ = folder_.path();
  uint64_t last_done_ = 0;
  uint64_t last_total_ = 0;
};

bool same_tensors(const File& a, const File& b) {
  return std::ranges::equal(a.tensors(), b.tensors(), [](const TensorView& x, const TensorView& y) {
    return x.name == y.name && x.type == y.type && x.shape == y.shape &&
           quire::test::bytes_of(x) == quire::test::bytes_of(y);
  });
}

TEST_F(Convert, a_converted_file_has_the_types_of_its_recipe_and_the_values_of_its_source) {
  const FileFacts facts = {.layers = 2, .heads_per_kv_head = 2};
  const File source = make("qwen2", ElementType::f32);
  for (const FileType type : {FileType::f32, FileType::f16, FileType::bf16, FileType::q8_0, FileType::q6_k,
                              FileType::q4_k_m, FileType::q4_0, FileType::q2_k, FileType::q3_k_m, FileType::iq4_xs}) {
    const auto file = convert(source, type);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(last_done_, last_total_);
    EXPECT_EQ(*file->metadata().find("general.file_type"), Value(static_cast<uint32_t>(type)));
    EXPECT_EQ(file->metadata().get_strings("tokenizer.ggml.tokens").value().get().size(), 64U);
    ASSERT_EQ(file->tensors().size(), source.tensors().size());
    for (size_t i = 0; i < source.tensors().size(); ++i) {
      const TensorView& tensor = file->tensors()[i];
      EXPECT_EQ(tensor.type, choose_element_type(type, tensor.name, tensor.shape, facts)) << tensor.name;
      const std::vector<float> expected = values_of(source.tensors()[i]);
      const std::vector<float> values = values_of(tensor);
      double error = 0, power = 0;
      for (size_t k = 0; k < values.size(); ++k) {
        error += std::pow(static_cast<double>(values[k] - expected[k]), 2);
        power += std::pow(static_cast<double>(expected[k]), 2);
      }
      const double bound = tensor.type == ElementType::f32    ? 0.0
                           : tensor.type == ElementType::q2_k ? 0.28
                           : tensor.type == ElementType::q3_k ? 0.15
                                                              : 0.09;
      EXPECT_LE(std::sqrt(error / power), bound) << tensor.name;
    }
  }
}

// Four query heads and more on a head of values: that is small then, and Q2_K gives it Q4_K.
TEST_F(Convert, a_conversion_goes_by_the_heads_of_the_first_layer) {
  const auto type_of_values = [&](std::optional<Value> heads, std::optional<Value> kv_heads) {
    Metadata metadata;
    metadata.set("general.architecture", std::string("llama"));
    if (heads) metadata.set("llama.attention.head_count", *heads);
    if (kv_heads) metadata.set("llama.attention.head_count_kv", *kv_heads);
    auto writer =
        Writer::create(dir_ / "heads.gguf", metadata, {{"blk.0.attn_v.weight", ElementType::f16, {256, 2, 1, 1}}});
    EXPECT_TRUE(writer->append(std::vector<std::byte>(1024)));
    EXPECT_TRUE(writer->finish());
    return convert(File::open(dir_ / "heads.gguf").value(), FileType::q2_k)->tensors()[0].type;
  };
  EXPECT_EQ(type_of_values(uint32_t{8}, uint32_t{2}), ElementType::q4_k);
  EXPECT_EQ(type_of_values(uint32_t{8}, std::vector<int32_t>{2, 4}), ElementType::q4_k);
  EXPECT_EQ(type_of_values(uint32_t{8}, std::vector<int32_t>{4, 2}), ElementType::q3_k);
  EXPECT_EQ(type_of_values(uint32_t{8}, std::vector<int32_t>{0, 2}), ElementType::q3_k) << "no attention there";
  EXPECT_EQ(type_of_values(uint32_t{8}, std::nullopt), ElementType::q3_k) << "as many as query heads";
  EXPECT_EQ(type_of_values(std::nullopt, std::nullopt), ElementType::q3_k);
}

TEST_F(Convert, conversion_is_the_same_on_any_number_of_workers_and_from_quantized_files) {
  const File source = make("llama", ElementType::q8_0);
  const auto one = convert(source, FileType::q4_k_m, 1, "one.gguf");
  const auto three = convert(source, FileType::q4_k_m, 3, "three.gguf");
  const auto back = convert(*one, FileType::f32, 2, "back.gguf");
  const auto again = convert(*back, FileType::f32, 2, "again.gguf");
  EXPECT_TRUE(same_tensors(*one, *three));
  EXPECT_TRUE(same_tensors(*back, *again));
}

TEST_F(Convert, a_file_can_be_converted_onto_itself) {
  const File source = make("llama", ElementType::f32, "same.gguf");
  const auto file = convert(source, FileType::q8_0, 2, "same.gguf");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE(same_tensors(*convert(source, FileType::q8_0, 2, "other.gguf"), *file));
}

TEST_F(Convert, values_that_a_type_cannot_hold_are_errors_that_name_tensor_and_row) {
  for (const float bad : {65536.0F, INFINITY, NAN}) {
    std::vector<float> values(64, 1.0F);
    values[40] = bad;
    auto writer = Writer::create(dir_ / "bad.gguf", {}, {{"w.weight", ElementType::f32, {32, 2, 1, 1}}});
    ASSERT_TRUE(writer->append(std::as_bytes(std::span(values))));
    ASSERT_TRUE(writer->finish());
    const auto file = File::open(dir_ / "bad.gguf");
    const auto converted = convert(*file, FileType::q8_0);
    ASSERT_FALSE(converted);
    EXPECT_THAT(converted.error().message, HasSubstr("tensor 'w.weight' holds"));
    EXPECT_THAT(converted.error().message, HasSubstr("in row 1; Q8_0 needs at most 65504"));
    EXPECT_FALSE(std::filesystem::exists(dir_ / "b.gguf"));
    EXPECT_EQ(convert(*file, FileType::bf16, 2, "wide.gguf").has_value(), bad == 65536.0F);
  }
}

TEST_F(Convert, the_real_model_converts_to_every_type) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  const auto source = File::open(path);
  for (const FileType type : {FileType::f16, FileType::q4_0, FileType::q4_k_m, FileType::q6_k}) {
    const auto file = convert(*source, type);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->find_tensor("blk.0.ffn_down.weight")->type, ElementType::f16) << "172 is no multiple of 32";
    EXPECT_THAT(describe(*file), HasSubstr("blk.0.ffn_down.weight"));
  }
}

TEST_F(Convert, a_description_shows_keys_tensors_and_totals) {
  const std::string text = describe(*convert(make("qwen3", ElementType::f32), FileType::q4_0));
  EXPECT_THAT(text, HasSubstr("GGUF version 3: qwen3"));
  EXPECT_THAT(text, HasSubstr("= 'small'"));
  EXPECT_THAT(text, HasSubstr("an array of 64 string = ['token0', 'token1', 'token2', 'token3', 'token4', ...]"));
  EXPECT_THAT(text, HasSubstr("256 x 64"));
  EXPECT_THAT(text, testing::ContainsRegex("Q6_K +1 tensors"));
}

TEST(Describe, values_fit_a_line) {
  EXPECT_EQ(describe(Value(uint8_t{7})), "7");
  EXPECT_EQ(describe(Value(true)), "true");
  EXPECT_EQ(describe(Value(0.5F)), "0.5");
  EXPECT_EQ(describe(Value(std::vector<bool>{true, false})), "[true, false]");
  EXPECT_EQ(describe(Value(std::vector<int8_t>{65, -1})), "[65, -1]");
  EXPECT_EQ(describe(Value(std::string("a\nb"))), "'a\\x0ab'");
  EXPECT_THAT(describe(Value(std::string(1000, 'x'))), testing::EndsWith("xxx...' (1000 bytes)"));
}

}  // namespace
}  // namespace quire::gguf
