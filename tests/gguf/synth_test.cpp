#include "gguf/synth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <set>

#include "gguf/convert.h"
#include "gguf/describe.h"
#include "gguf/file.h"
#include "support/tensor_bytes.h"
#include "tensor/dequantize.h"
#include "test_data.h"

namespace quire::gguf {
namespace {

using testing::HasSubstr;

Metadata small_vocabulary() {
  Metadata metadata;
  metadata.set("general.architecture", std::string("other"));
  metadata.set("tokenizer.ggml.model", std::string("llama"));
  std::vector<std::string> tokens;
  for (int i = 0; i < 64; ++i) tokens.push_back("token" + std::to_string(i));
  metadata.set("tokenizer.ggml.tokens", std::move(tokens));
  return metadata;
}

SynthShape small_shape(std::string architecture) {
  return {.name = "small",
          .architecture = std::move(architecture),
          .layers = 2,
          .width = 256,
          .ffn_width = 512,
          .heads = 4,
          .kv_heads = 2,
          .head_dim = 32,
          .context = 128};
}

std::vector<float> values_of(const TensorView& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.element_count()));
  dequantize(tensor.type, quire::test::bytes_of(tensor).data(), tensor.element_count(), values.data());
  return values;
}

class Synth : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = std::filesystem::path(testing::TempDir()) / ("gguf_synth_" + std::to_string(::getpid()));
    std::filesystem::create_directories(dir_);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  File make(const SynthShape& shape, FileType type, uint64_t seed = 1, int workers = 2, std::string name = "a.gguf") {
    Team team(workers);
    const auto made = synthesize(shape, small_vocabulary(), type, seed, dir_ / name, team, [](uint64_t, uint64_t) {});
    EXPECT_TRUE(made) << made.error().message;
    auto file = File::open(dir_ / name);
    EXPECT_TRUE(file) << file.error().message;
    return std::move(*file);
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

  std::filesystem::path dir_;
  uint64_t last_done_ = 0;
  uint64_t last_total_ = 0;
};

bool same_tensors(const File& a, const File& b) {
  return std::ranges::equal(a.tensors(), b.tensors(), [](const TensorView& x, const TensorView& y) {
    return x.name == y.name && x.type == y.type && x.shape == y.shape &&
           quire::test::bytes_of(x) == quire::test::bytes_of(y);
  });
}

TEST_F(Synth, each_architecture_has_its_tensors_and_keys) {
  for (const std::string architecture : {"llama", "qwen2", "qwen3"}) {
    const File file = make(small_shape(architecture), FileType::f32);
    const auto has = [&](const std::string& name) { return file.find_tensor(name) != nullptr; };
    for (const char* part :
         {"attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down"}) {
      EXPECT_TRUE(has(std::string("blk.1.") + part + ".weight")) << part;
    }
    EXPECT_EQ(has("blk.0.attn_q.bias"), architecture == "qwen2");
    EXPECT_EQ(has("blk.0.attn_k_norm.weight"), architecture == "qwen3");
    EXPECT_FALSE(has("output.weight"));
    EXPECT_FALSE(has("rope_freqs.weight"));
    EXPECT_EQ(file.metadata().get_string("general.architecture").value(), architecture);
    EXPECT_EQ(file.metadata().get_int(architecture + ".attention.key_length", 1, 1000).value(), 32);
    EXPECT_EQ(file.metadata().get_int(architecture + ".block_count", 1, 1000).value(), 2);
    EXPECT_EQ(file.metadata().get_strings("tokenizer.ggml.tokens").value().get().size(), 64U);
    EXPECT_EQ(file.find_tensor("token_embd.weight")->shape[1], 64);
    EXPECT_EQ(file.find_tensor("blk.0.attn_k.weight")->shape[1], 64);
  }
}

TEST_F(Synth, untied_models_and_rope_factors_have_their_tensors) {
  SynthShape shape = small_shape("llama");
  shape.tied = false;
  shape.rope_factors = true;
  const File file = make(shape, FileType::q4_0);
  EXPECT_EQ(file.find_tensor("output.weight")->type, ElementType::q6_k);
  EXPECT_EQ(file.find_tensor("token_embd.weight")->type, ElementType::q4_0);
  const std::vector<float> factors = values_of(*file.find_tensor("rope_freqs.weight"));
  ASSERT_EQ(factors.size(), 16U);
  EXPECT_EQ(factors.front(), 1.0F) << "short wavelengths turn as before";
  EXPECT_EQ(factors.back(), 32.0F) << "long ones 32 times slower";
  EXPECT_TRUE(std::ranges::is_sorted(factors));
}

TEST_F(Synth, the_factors_of_head_size_64_are_those_of_llama_3_2) {
  SynthShape shape = find_synth_shape("llama-1b").value();
  shape.layers = 1;
  shape.width = shape.ffn_width = 256;
  shape.rope_factors = true;
  const std::vector<float> factors = values_of(*make(shape, FileType::q4_0).find_tensor("rope_freqs.weight"));
  // By the definition of rope type "llama3" (factor 32, low 1, high 4, original context 8192), base 500000.
  for (size_t d = 0; d < 32; ++d) {
    const double frequency = std::pow(500000.0, -static_cast<double>(d) / 32.0);
    const double wavelength = 2 * std::acos(-1.0) / frequency;
    double expected = 1;
    if (wavelength > 8192) {
      expected = 32;
    } else if (wavelength > 2048) {
      const double smooth = (8192 / wavelength - 1) / 3;
      expected = 1 / ((1 - smooth) / 32 + smooth);
    }
    EXPECT_NEAR(factors[d], expected, 1e-6 * expected) << d;
  }
}

TEST_F(Synth, a_seed_gives_the_same_bytes_on_any_number_of_workers) {
  const File one = make(small_shape("qwen3"), FileType::q4_k_m, 5, 1, "one.gguf");
  const File three = make(small_shape("qwen3"), FileType::q4_k_m, 5, 3, "three.gguf");
  const File other = make(small_shape("qwen3"), FileType::q4_k_m, 6, 1, "other.gguf");
  EXPECT_TRUE(same_tensors(one, three));
  EXPECT_FALSE(same_tensors(one, other));
}

TEST_F(Synth, matrices_are_random_with_the_deviation_asked_for) {
  const SynthShape shape = small_shape("llama");
  const auto made = synth_tensors(shape, 64, FileType::f32).value();
  const File file = make(shape, FileType::f32);
  std::set<float> first_values;
  for (size_t i = 0; i < made.size(); ++i) {
    const std::vector<float> values = values_of(file.tensors()[i]);
    double sum = 0, squares = 0, neighbours = 0;
    for (size_t k = 0; k < values.size(); ++k) {
      const double deviation = std::fabs(static_cast<double>(values[k])) - (made[i].mean > 0 ? made[i].mean : 0.0);
      const double value = made[i].mean > 0 ? deviation : static_cast<double>(values[k]);
      sum += value;
      squares += value * value;
      if (k > 0) neighbours += static_cast<double>(values[k]) * static_cast<double>(values[k - 1]);
    }
    const auto count = static_cast<double>(values.size());
    const double deviation = made[i].deviation;
    // Five standard errors of a mean, a variance (relative: sqrt(2 / n)) and a covariance.
    EXPECT_LT(std::fabs(sum / count), 5 * deviation / std::sqrt(count)) << made[i].spec.name;
    EXPECT_NEAR(squares / count / (deviation * deviation), 1.0, 5 * std::sqrt(2 / count)) << made[i].spec.name;
    if (made[i].mean == 0) {
      EXPECT_LT(std::fabs(neighbours / count), 5 * deviation * deviation / std::sqrt(count)) << made[i].spec.name;
    }
    EXPECT_TRUE(first_values.insert(values[0]).second) << "no tensor repeats another: " << made[i].spec.name;
  }
}

TEST_F(Synth, impossible_shapes_are_errors_that_say_what_is_wrong) {
  const auto error = [](SynthShape shape) {
    const auto made = synth_tensors(shape, 64, FileType::f32);
    return made ? std::string("no error") : made.error().message;
  };
  SynthShape shape = small_shape("llama");
  EXPECT_EQ(error(shape), "no error");
  shape.kv_heads = 3;
  EXPECT_THAT(error(shape), HasSubstr("4 heads cannot share 3 KV heads"));
  shape = small_shape("llama");
  shape.layers = 0;
  EXPECT_THAT(error(shape), HasSubstr("layers is 0; expected 1 to"));
  shape = small_shape("llama");
  shape.head_dim = 7;
  EXPECT_THAT(error(shape), HasSubstr("head size is 7"));
  EXPECT_THAT(error(small_shape("mamba")), HasSubstr("'mamba' is not supported; expected llama, qwen2 or qwen3"));
  EXPECT_THAT(find_synth_shape("huge").error().message, HasSubstr("llama-1b, qwen3-0.6b, tiny"));
  Team team(1);
  const auto no_vocabulary =
      synthesize(small_shape("llama"), {}, FileType::f32, 1, dir_ / "x", team, [](uint64_t, uint64_t) {});
  EXPECT_THAT(no_vocabulary.error().message, HasSubstr("tokenizer.ggml.tokens"));
  EXPECT_TRUE(std::filesystem::is_empty(dir_)) << "nothing is left behind";
}

TEST_F(Synth, named_shapes_have_the_parameters_of_their_models) {
  const auto parameters = [](std::string_view name, int64_t vocab) {
    int64_t count = 0;
    const auto made = synth_tensors(find_synth_shape(name).value(), vocab, FileType::q4_0);
    for (const SynthTensor& tensor : *made) {
      count += tensor.spec.row_count() * tensor.spec.shape[0];
    }
    return count;
  };
  EXPECT_EQ(parameters("llama-1b", 128256), 1235814400) << "as Llama 3.2 1B";
  EXPECT_EQ(parameters("qwen3-0.6b", 151936), 596049920) << "as Qwen3 0.6B";
}

TEST_F(Synth, a_converted_file_has_the_types_of_its_recipe_and_the_values_of_its_source) {
  const SynthShape shape = small_shape("qwen2");
  const FileFacts facts = {.layers = shape.layers, .heads_per_kv_head = shape.heads / shape.kv_heads};
  const File source = make(shape, FileType::f32);
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
TEST_F(Synth, a_conversion_goes_by_the_heads_of_the_first_layer) {
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

TEST_F(Synth, conversion_is_the_same_on_any_number_of_workers_and_from_quantized_files) {
  const File source = make(small_shape("llama"), FileType::q8_0);
  const auto one = convert(source, FileType::q4_k_m, 1, "one.gguf");
  const auto three = convert(source, FileType::q4_k_m, 3, "three.gguf");
  const auto back = convert(*one, FileType::f32, 2, "back.gguf");
  const auto again = convert(*back, FileType::f32, 2, "again.gguf");
  EXPECT_TRUE(same_tensors(*one, *three));
  EXPECT_TRUE(same_tensors(*back, *again));
}

TEST_F(Synth, a_file_can_be_converted_onto_itself) {
  const File source = make(small_shape("llama"), FileType::f32, 1, 2, "same.gguf");
  const auto file = convert(source, FileType::q8_0, 2, "same.gguf");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE(same_tensors(*convert(source, FileType::q8_0, 2, "other.gguf"), *file));
}

TEST_F(Synth, values_that_a_type_cannot_hold_are_errors_that_name_tensor_and_row) {
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

TEST_F(Synth, the_real_model_converts_to_every_type) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  const auto source = File::open(path);
  for (const FileType type : {FileType::f16, FileType::q4_0, FileType::q4_k_m, FileType::q6_k}) {
    const auto file = convert(*source, type);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->find_tensor("blk.0.ffn_down.weight")->type, ElementType::f16) << "172 is no multiple of 32";
    EXPECT_THAT(describe(*file), HasSubstr("blk.0.ffn_down.weight"));
  }
}

TEST_F(Synth, a_description_shows_keys_tensors_and_totals) {
  const std::string text = describe(make(small_shape("qwen3"), FileType::q4_0));
  EXPECT_THAT(text, HasSubstr("GGUF version 3: qwen3"));
  EXPECT_THAT(text, HasSubstr("= 'synth small'"));
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
