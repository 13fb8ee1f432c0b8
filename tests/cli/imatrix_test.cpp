#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <numeric>

#include "base/team.h"
#include "cli/commands/imatrix_command.h"
#include "cli/commands/synth_command.h"
#include "gguf/convert.h"
#include "gguf/file.h"
#include "gguf/importance.h"
#include "support/temporary_folder.h"
#include "support/tensor_bytes.h"
#include "tensor/dequantize.h"
#include "text/tokenizer.h"

namespace quire::cli {
namespace {

using testing::HasSubstr;

std::filesystem::path tiny_model() { return std::filesystem::path(QUIRE_SOURCE_DIR) / "models/quire-tiny.gguf"; }

std::vector<float> floats_of(const TensorView& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.element_count()));
  dequantize(tensor.type, test::bytes_of(tensor).data(), tensor.element_count(), values.data());
  return values;
}

class Imatrix : public testing::Test {
 protected:
  Imatrix() {
    std::ofstream(text_file())
        << "Once upon a time there was a small fox. It lived in a forest near a river, and every "
           "day it looked for something to eat. One day it met a bird who could not fly.\n";
  }

  std::filesystem::path text_file() const { return folder_.path() / "text.txt"; }
  ImatrixOptions options() const {
    return {.model = tiny_model().native(),
            .text = text_file(),
            .out = folder_.path() / "out.gguf",
            .chunk_tokens = 24,
            .threads = 2};
  }
  gguf::Importance make(const ImatrixOptions& asked) {
    testing::internal::CaptureStdout();
    const auto made = run_imatrix(asked);
    told_ = testing::internal::GetCapturedStdout();
    EXPECT_TRUE(made) << made.error().message;
    return gguf::read_importance(asked.out).value();
  }

  test::TemporaryFolder folder_;
  std::string told_;
};

// Of the first layer by hand: its norm of the tokens' embeddings.
TEST_F(Imatrix, sums_are_the_squares_of_what_matrices_read) {
  const gguf::Importance importance = make(options());
  const gguf::File file = gguf::File::open(tiny_model()).value();
  const auto tokenizer = Tokenizer::create(file.metadata()).value();
  std::ifstream in(text_file());
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  ASSERT_TRUE(tokenizer->adds_bos());
  std::vector<TokenId> tokens;  // as they are read: each chunk begins with BOS
  uint32_t chunks = 0;
  for (const TokenId token : tokenizer->encode(text, false, false)) {
    if (tokens.size() % 24 == 0) {
      tokens.push_back(tokenizer->bos());
      ++chunks;
    }
    tokens.push_back(token);
  }
  EXPECT_EQ(importance.chunk_count, chunks);
  EXPECT_EQ(importance.chunk_size, 24U);
  EXPECT_THAT(importance.datasets, testing::ElementsAre("text.txt"));
  EXPECT_THAT(told_, HasSubstr("importance of 42 matrices by " + std::to_string(tokens.size()) + " tokens"));

  const std::vector<float> table = floats_of(*file.find_tensor("token_embd.weight"));
  const std::vector<float> weight = floats_of(*file.find_tensor("blk.0.attn_norm.weight"));
  const size_t width = weight.size();
  const double epsilon = file.metadata().get_float("llama.attention.layer_norm_rms_epsilon").value();
  std::vector<double> expected(width);
  for (const TokenId token : tokens) {
    const std::span<const float> row = std::span(table).subspan(static_cast<size_t>(token) * width, width);
    double mean = 0.0;
    for (const float value : row) mean += double{value} * double{value} / static_cast<double>(width);
    for (size_t i = 0; i < width; ++i) {
      expected[i] += std::pow(row[i] / std::sqrt(mean + epsilon) * weight[i], 2);
    }
  }
  for (const char* name : {"blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight"}) {
    const gguf::SquareSums* const sums = importance.find(name);
    ASSERT_NE(sums, nullptr) << name;
    EXPECT_THAT(sums->counts, testing::ElementsAre(static_cast<float>(tokens.size())));
    for (size_t i = 0; i < width; ++i) EXPECT_NEAR(sums->sums[i] / expected[i], 1.0, 1e-5) << name << ", " << i;
  }
  EXPECT_EQ(importance.find("blk.5.ffn_down.weight")->inputs, 768);
  EXPECT_EQ(importance.find("token_embd.weight"), nullptr);
}

TEST_F(Imatrix, workers_change_nothing_and_chunks_can_be_fewer) {
  ImatrixOptions asked = options();
  const gguf::Importance two = make(asked);
  asked.threads = 1;
  EXPECT_EQ(make(asked).tensors, two.tensors);
  asked.chunks = 1;
  const gguf::Importance first = make(asked);
  EXPECT_EQ(first.chunk_count, 1U);
  EXPECT_EQ(first.tensors.front().counts.front(), 24.0F);
}

TEST_F(Imatrix, each_expert_has_sums_and_counts_of_its_own) {
  ImatrixOptions asked = options();
  asked.model = (folder_.path() / "mixture.gguf").native();
  testing::internal::CaptureStdout();
  const auto made = run_synth({.shape = "tiny", .out = asked.model, .type = "Q8_0", .arch = "qwen3moe", .layers = 1});
  testing::internal::GetCapturedStdout();
  ASSERT_TRUE(made) << made.error().message;
  const gguf::Importance importance = make(asked);
  const float tokens = importance.find("blk.0.attn_q.weight")->counts.front();
  for (const char* name : {"blk.0.ffn_gate_exps.weight", "blk.0.ffn_up_exps.weight", "blk.0.ffn_down_exps.weight"}) {
    const gguf::SquareSums* const sums = importance.find(name);
    ASSERT_NE(sums, nullptr) << name;
    ASSERT_EQ(sums->counts.size(), 8U);
    EXPECT_EQ(sums->sums.size(), 8U * 256U);
    EXPECT_EQ(std::accumulate(sums->counts.begin(), sums->counts.end(), 0.0F), 2 * tokens) << "two experts a token";
    for (size_t expert = 0; expert < 8; ++expert) {
      EXPECT_EQ(sums->counts[expert] > 0, sums->sums[expert * 256] > 0) << name << ", " << expert;
    }
  }
  EXPECT_EQ(importance.find("blk.0.ffn_gate_exps.weight")->sums, importance.find("blk.0.ffn_up_exps.weight")->sums);
  const auto use = gguf::find_importance_use(gguf::File::open(asked.model).value(), gguf::FileType::q3_k_m, importance);
  ASSERT_TRUE(use) << use.error().message;
  EXPECT_THAT(use->weighed, testing::Contains("blk.0.ffn_down_exps.weight"));
}

// What the matrices give for the text is nearer to what they gave before.
TEST_F(Imatrix, encoders_are_refused_by_name) {
  ImatrixOptions asked = options();
  asked.model = (folder_.path() / "encoder.gguf").native();
  testing::internal::CaptureStdout();
  const auto made = run_synth({.shape = "tiny", .out = asked.model, .type = "Q8_0", .arch = "bert", .layers = 1});
  testing::internal::GetCapturedStdout();
  ASSERT_TRUE(made) << made.error().message;
  const auto refused = run_imatrix(asked);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "a model of architecture bert generates nothing: it makes vectors of texts");
}

TEST_F(Imatrix, quantizing_with_it_lowers_the_weighted_error) {
  const gguf::Importance importance = make(options());
  const gguf::File source = gguf::File::open(tiny_model()).value();
  Team team(2);
  const auto error_of = [&](const gguf::Importance* weighs) {
    const std::filesystem::path path = folder_.path() / "quantized.gguf";
    EXPECT_TRUE(gguf::convert_file(
        source, gguf::FileType::q3_k_s, path, team, [](uint64_t, uint64_t) {}, weighs));
    const gguf::File file = gguf::File::open(path).value();
    double error = 0.0, power = 0.0;
    for (const TensorView& tensor : source.tensors()) {
      const gguf::SquareSums* const sums = importance.find(tensor.name);
      if (sums == nullptr) continue;
      const std::vector<float> weights = gguf::importance_weights(*sums, tensor.shape);
      const std::vector<float> before = floats_of(tensor), after = floats_of(*file.find_tensor(tensor.name));
      for (size_t i = 0; i < before.size(); ++i) {
        const double weight = weights[i % weights.size()];
        error += weight * std::pow(double{after[i]} - double{before[i]}, 2);
        power += weight * std::pow(double{before[i]}, 2);
      }
    }
    return error / power;
  };
  const double plain = error_of(nullptr), weighed = error_of(&importance);
  EXPECT_LT(weighed, 0.95 * plain) << weighed << " of " << plain;
}

TEST_F(Imatrix, wrong_inputs_are_refused_by_name_and_leave_nothing) {
  ImatrixOptions asked = options();
  asked.text = folder_.path() / "absent.txt";
  EXPECT_THAT(run_imatrix(asked).error().message, HasSubstr("absent.txt"));
  std::ofstream(folder_.path() / "empty.txt");
  asked.text = folder_.path() / "empty.txt";
  EXPECT_THAT(run_imatrix(asked).error().message, HasSubstr("empty.txt' has no text"));
  asked = options();
  asked.model = text_file().native();
  EXPECT_THAT(run_imatrix(asked).error().message, HasSubstr("text.txt"));
  asked = options();
  asked.out = folder_.path() / "no" / "out.gguf";
  EXPECT_THAT(run_imatrix(asked).error().message, HasSubstr("its folder is not there"));
  EXPECT_FALSE(std::filesystem::exists(options().out));
}

}  // namespace
}  // namespace quire::cli
