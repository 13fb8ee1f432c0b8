#include "synth/synthesize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "backend/cpu/cpu_backend.h"
#include "gguf/file.h"
#include "model/arch/architecture.h"
#include "support/runner.h"
#include "support/temporary_folder.h"
#include "support/tensor_bytes.h"
#include "synth/vocabulary.h"
#include "tensor/dequantize.h"
#include "text/tokenizer.h"

namespace quire::synth {
namespace {

using gguf::File;
using gguf::FileType;
using gguf::Metadata;
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

Shape small_shape(std::string architecture) {
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

class Synthesize : public testing::Test {
 protected:
  File make(const Shape& shape, FileType type, uint64_t seed = 1, int workers = 2, std::string name = "a.gguf") {
    Team team(workers);
    const auto made = synthesize(shape, small_vocabulary(), type, seed, dir_ / name, team, [](uint64_t, uint64_t) {});
    EXPECT_TRUE(made) << made.error().message;
    auto file = File::open(dir_ / name);
    EXPECT_TRUE(file) << file.error().message;
    return std::move(*file);
  }

  quire::test::TemporaryFolder folder_;
  std::filesystem::path dir_ = folder_.path();
};

bool same_tensors(const File& a, const File& b) {
  return std::ranges::equal(a.tensors(), b.tensors(), [](const TensorView& x, const TensorView& y) {
    return x.name == y.name && x.type == y.type && x.shape == y.shape &&
           quire::test::bytes_of(x) == quire::test::bytes_of(y);
  });
}

TEST_F(Synthesize, each_architecture_has_its_tensors_and_keys) {
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

TEST_F(Synthesize, untied_models_and_rope_factors_have_their_tensors) {
  Shape shape = small_shape("llama");
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

TEST_F(Synthesize, the_factors_of_head_size_64_are_those_of_llama_3_2) {
  Shape shape = find_shape("llama-1b").value();
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

TEST_F(Synthesize, a_seed_gives_the_same_bytes_on_any_number_of_workers) {
  const File one = make(small_shape("qwen3"), FileType::q4_k_m, 5, 1, "one.gguf");
  const File three = make(small_shape("qwen3"), FileType::q4_k_m, 5, 3, "three.gguf");
  const File other = make(small_shape("qwen3"), FileType::q4_k_m, 6, 1, "other.gguf");
  EXPECT_TRUE(same_tensors(one, three));
  EXPECT_FALSE(same_tensors(one, other));
}

TEST_F(Synthesize, matrices_are_random_with_the_deviation_asked_for) {
  const Shape shape = small_shape("llama");
  const std::vector<Tensor> made = outline(shape, 64, FileType::f32).value().tensors;
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

TEST_F(Synthesize, impossible_shapes_are_errors_that_say_what_is_wrong) {
  const auto error = [](Shape shape) {
    const auto made = outline(shape, 64, FileType::f32);
    return made ? std::string("no error") : made.error().message;
  };
  Shape shape = small_shape("llama");
  EXPECT_EQ(error(shape), "no error");
  shape.kv_heads = 3;
  EXPECT_THAT(error(shape), HasSubstr("llama.attention.head_count_kv: found 3, expected a divisor"));
  shape = small_shape("llama");
  shape.layers = 0;
  EXPECT_THAT(error(shape), HasSubstr("llama.block_count: found 0, expected 1 to"));
  shape = small_shape("llama");
  shape.head_dim = 7;
  EXPECT_THAT(error(shape), HasSubstr("found 7, expected an even"));
  shape = small_shape("llama");
  shape.experts = 4;
  shape.architecture = "qwen3";
  EXPECT_THAT(error(shape), HasSubstr("no layer of qwen3 has experts"));
  shape = small_shape("llama");
  shape.window = 8;
  EXPECT_THAT(error(shape), HasSubstr("no layer of llama has a window"));
  EXPECT_THAT(error(small_shape("mamba")),
              HasSubstr("'mamba' is not supported; expected one of bert, cohere2, command-r,"));
  EXPECT_THAT(find_shape("huge").error().message,
              HasSubstr("tiny, 0.1b, 1b, 8b, llama-1b, qwen3-0.6b, minilm, gemma3-1b, gemma3n-e2b, gemma4-e2b, "
                        "lfm2-1.2b, qwen35-2b"));
  Team team(1);
  const auto no_vocabulary =
      synthesize(small_shape("llama"), {}, FileType::f32, 1, dir_ / "x", team, [](uint64_t, uint64_t) {});
  EXPECT_THAT(no_vocabulary.error().message, HasSubstr("tokenizer.ggml.tokens"));
  EXPECT_TRUE(std::filesystem::is_empty(dir_)) << "nothing is left behind";
}

TEST_F(Synthesize, named_shapes_have_the_parameters_of_their_models) {
  const auto parameters = [](std::string_view name, int64_t vocab) {
    int64_t count = 0;
    const Outline made = outline(find_shape(name).value(), vocab, FileType::q4_0).value();
    for (const Tensor& tensor : made.tensors) {
      count += tensor.spec.row_count() * tensor.spec.shape[0];
    }
    return count;
  };
  EXPECT_EQ(parameters("llama-1b", 128256), 1235814400) << "as Llama 3.2 1B";
  EXPECT_EQ(parameters("qwen3-0.6b", 151936), 596049920) << "as Qwen3 0.6B";
  EXPECT_EQ(parameters("gemma3-1b", 262144), 999885952) << "as Gemma 3 1B";
  EXPECT_NEAR(static_cast<double>(parameters("gemma3n-e2b", 262144)), 4.45e9, 2e7)
      << "2.4 B, and 2.0 B of rows by layer";
  EXPECT_NEAR(static_cast<double>(parameters("gemma4-e2b", 262144)), 4.63e9, 2e7)
      << "2.3 B, and 2.35 B of rows by layer";
  EXPECT_NEAR(static_cast<double>(parameters("lfm2-1.2b", 65536)), 1.17e9, 2e7);
  EXPECT_NEAR(static_cast<double>(parameters("qwen35-2b", 248320)), 1.88e9, 5e7);
  EXPECT_NEAR(static_cast<double>(parameters("qwen3moe-8b-a1b", 151936)), 8e9, 4e8);
  EXPECT_NEAR(static_cast<double>(parameters("deepseek2-8b-a1b", 102400)), 8e9, 4e8);
  EXPECT_NEAR(static_cast<double>(parameters("gpt-oss-8b-a1b", 201088)), 8e9, 4e8);
}

// What a model of whole texts makes of one: rows that are normed, and differ.
void expect_rows(quire::test::LoadedModel& loaded, const std::string& name) {
  quire::test::Runner runner(loaded, {.block_count = 2, .context_tokens = 64});
  const std::vector<TokenId> text = {1, 17, 42, 5, 9, 33};
  const std::span<const TokenId> texts[] = {text};
  runner.read_texts(texts);
  const std::vector<int32_t> rows = {0, 1, 2, 3, 4, 5};
  const HiddenStates states = runner.states(rows);
  double squares = 0.0, between = 0.0;
  for (const float value : states.values) squares += std::pow(static_cast<double>(value), 2);
  for (size_t i = 0; i < static_cast<size_t>(states.width); ++i) {
    between += std::pow(static_cast<double>(states.row(0)[i] - states.row(1)[i]), 2);
  }
  const double mean_square = squares / static_cast<double>(states.values.size());
  EXPECT_THAT(mean_square, testing::AllOf(testing::Gt(0.5), testing::Lt(2.0))) << name;
  EXPECT_GT(between / states.width, 0.1) << name;
}

// Greedy decoding of each, from a few tokens on: what it says is of the size that was aimed at, and no loop of one
// token.
TEST_F(Synthesize, each_family_loads_and_generates) {
  std::istringstream names(architecture_names());
  std::vector<Shape> shapes;
  for (std::string each; std::getline(names >> std::ws, each, ',');) shapes.push_back(small_shape(each));
  Shape sharing = small_shape("gemma4");
  sharing.layers = 4;
  sharing.shared_kv_layers = 2;
  sharing.shared_kv_ffn_width = 1024;
  sharing.layer_input_width = 32;
  Shape streams = sharing;
  streams.architecture = "gemma3n";
  streams.shared_kv_ffn_width = 0;
  Shape mixture = small_shape("gemma4");
  mixture.experts = 4;
  shapes.insert(shapes.end(), {sharing, streams, mixture});
  for (const Shape& shape : shapes) {
    const std::string& name = shape.architecture;
    quire::test::LoadedModel loaded(make(shape, FileType::q8_0), *supported_kernel_tables().back(), 2);
    if (loaded.model.config().whole_texts) {
      expect_rows(loaded, name);
      continue;
    }
    const std::vector<BlockId> blocks = {{0}, {1}};
    Limits limits;
    limits.block_count = 2;
    limits.state_count = 1;
    quire::test::Runner runner(loaded, limits);
    std::vector<TokenId> tokens = {1, 17, 42, 5};
    double squares = 0.0;
    for (int32_t position = 0; std::ssize(tokens) < 64; ++position) {
      const auto row = runner
                           .step({{{.tokens = std::span(tokens).subspan(static_cast<size_t>(position), 1),
                                    .position = position,
                                    .blocks = blocks}}})
                           .row(0);
      for (const float logit : row) squares += static_cast<double>(logit) * static_cast<double>(logit);
      if (position + 1 == std::ssize(tokens)) {
        tokens.push_back(static_cast<TokenId>(std::ranges::max_element(row) - row.begin()));
      }
    }
    EXPECT_THAT(std::sqrt(squares / (63.0 * 64.0)), testing::AllOf(testing::Gt(1.5), testing::Lt(4.0))) << name;
    EXPECT_GT(std::set<TokenId>(tokens.begin() + 4, tokens.end()).size(), 1U) << name;
  }
}

TEST_F(Synthesize, an_mtp_block_has_the_form_of_the_last_layer_that_attends) {
  Shape shape = small_shape("llama");
  shape.mtp = true;
  EXPECT_THAT(outline(shape, 64, FileType::f32).error().message, HasSubstr("no MTP block of llama is known"));
  for (const char* architecture : {"qwen35", "qwen35moe", "qwen3next"}) {
    shape.architecture = architecture;
    const File file = make(shape, FileType::q8_0);
    EXPECT_EQ(file.metadata().get_int(shape.architecture + ".block_count", 1, 1000).value(), 3);
    for (const TensorView& tensor : file.tensors()) {
      if (!tensor.name.starts_with("blk.2.") || tensor.name.starts_with("blk.2.nextn.")) continue;
      const TensorView* const in_layer = file.find_tensor("blk.1." + tensor.name.substr(6));
      ASSERT_NE(in_layer, nullptr) << tensor.name;
      EXPECT_EQ(in_layer->shape, tensor.shape);
    }
    Team team(1);
    CpuBackend backend(team, *supported_kernel_tables().back());
    const Model model = quire::test::take(Model::load(file, backend, {.mtp = true}));
    ASSERT_NE(model.mtp(), nullptr);
    EXPECT_EQ(model.config().layer_count(), 2);
    EXPECT_GT(model.mtp()->layer_products(), int64_t{2} * shape.width * shape.width);
  }
}

TEST(MadeUpVocabulary, any_text_has_tokens_and_comes_back) {
  for (const int64_t count : {354, 1024, 32000}) {
    const auto metadata = make_vocabulary(count);
    ASSERT_TRUE(metadata) << metadata.error().message;
    EXPECT_EQ(metadata->get_strings("tokenizer.ggml.tokens")->get().size(), static_cast<size_t>(count));
    const auto tokenizer = Tokenizer::create(*metadata);
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    const std::string text = "bade fogu, Zwölf \n pimabo";
    EXPECT_EQ((*tokenizer)->decode((*tokenizer)->encode(text, false, false)), text);
  }
  EXPECT_THAT(make_vocabulary(353).error().message, HasSubstr("353 tokens cannot be made up; expected 354 to 1474734"));
}

}  // namespace
}  // namespace quire::synth
