#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "cli/commands/inspect_command.h"
#include "cli/commands/quantize_command.h"
#include "cli/commands/synth_command.h"
#include "gguf/file.h"
#include "gguf/importance.h"
#include "gguf/writer.h"

namespace quire::cli {
namespace {

using testing::HasSubstr;

class ModelCommands : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = std::filesystem::path(testing::TempDir()) / ("model_commands_" + std::to_string(::getpid()));
    std::filesystem::create_directories(dir_);
    gguf::Metadata metadata;
    metadata.set("tokenizer.ggml.model", std::string("llama"));
    metadata.set("tokenizer.ggml.tokens", std::vector<std::string>{"<s>", "a", "b", "c"});
    auto writer = gguf::Writer::create(dir_ / "vocab.gguf", metadata, {});
    ASSERT_TRUE(writer && writer->finish());
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  SynthOptions synth_options() const {
    return {.shape = "tiny",
            .out = dir_ / "tiny.gguf",
            .vocab = (dir_ / "vocab.gguf").native(),
            .type = "q8_0",
            .threads = 2};
  }

  std::filesystem::path dir_;
};

TEST_F(ModelCommands, synth_quantize_and_inspect_work_on_each_others_files) {
  SynthOptions synth = synth_options();
  synth.arch = "qwen3";
  synth.layers = 1;
  synth.heads = 2;
  synth.untied = true;
  testing::internal::CaptureStdout();
  const auto made = run_synth(synth);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("tiny.gguf: qwen3, "));
  ASSERT_TRUE(made) << made.error().message;
  const auto model = gguf::File::open(synth.out);
  EXPECT_EQ(model->metadata().get_int("qwen3.attention.key_length", 1, 1000).value(), 128) << "width / heads";
  EXPECT_EQ(model->find_tensor("output.weight")->type, ElementType::q8_0);

  testing::internal::CaptureStdout();
  const auto quantized = run_quantize({.in = synth.out, .out = dir_ / "q4.gguf", .type = "Q4_K_M", .threads = 1});
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("q4.gguf: qwen3, "));
  ASSERT_TRUE(quantized) << quantized.error().message;

  testing::internal::CaptureStdout();
  const auto inspected = run_inspect({.file = dir_ / "q4.gguf"});
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("blk.0.attn_q_norm.weight"));
  EXPECT_TRUE(inspected);
}

TEST_F(ModelCommands, quantize_tells_what_an_importance_matrix_weighs) {
  SynthOptions synth = synth_options();
  synth.layers = 1;
  gguf::Importance importance;
  importance.tensors = {{"blk.0.attn_q.weight", 256, std::vector<float>(256, 2.0F), {1.0F}},
                        {"blk.9.attn_q.weight", 256, std::vector<float>(256, 2.0F), {1.0F}}};
  ASSERT_TRUE(gguf::write_importance(importance, dir_ / "imatrix.gguf"));
  QuantizeOptions quantize = {
      .in = synth.out, .out = dir_ / "q.gguf", .type = "Q3_K_M", .imatrix = dir_ / "imatrix.gguf", .threads = 1};
  testing::internal::CaptureStdout();
  const auto made = run_synth(synth);
  const auto quantized = run_quantize(quantize);
  const std::string told = testing::internal::GetCapturedStdout();
  ASSERT_TRUE(made && quantized);
  EXPECT_THAT(told, HasSubstr("importance: errors of 1 matrices are weighed\nimportance: none of 7 ("));
  EXPECT_THAT(told, HasSubstr("importance: no use for 1 ('blk.9.attn_q.weight')"));
  EXPECT_EQ(gguf::File::open(quantize.out)->metadata().get_string("quantize.imatrix.file").value(), "imatrix.gguf");

  std::filesystem::remove(quantize.out);
  quantize.type = "Q8_0";
  EXPECT_THAT(run_quantize(quantize).error().message, HasSubstr("matrix's 2 matrices gets a type from Q8_0"));
  quantize.imatrix = synth.out;
  EXPECT_THAT(run_quantize(quantize).error().message, HasSubstr("tiny.gguf' is no importance matrix: tensor"));
  quantize.imatrix = dir_ / "absent.gguf";
  EXPECT_THAT(run_quantize(quantize).error().message, HasSubstr("absent.gguf"));
  EXPECT_FALSE(std::filesystem::exists(quantize.out));
}

TEST_F(ModelCommands, wrong_arguments_are_errors_that_list_what_is_possible) {
  SynthOptions synth = synth_options();
  synth.type = "Q3";
  EXPECT_THAT(run_synth(synth).error().message, HasSubstr("unknown type 'Q3'; expected one of F32 F16"));
  synth = synth_options();
  synth.shape = "giant";
  EXPECT_THAT(run_synth(synth).error().message, HasSubstr("tiny, 0.1b, 1b, 8b, llama-1b"));
  synth = synth_options();
  synth.heads = 3;
  EXPECT_THAT(run_synth(synth).error().message, HasSubstr("give --head-dim"));
  synth = synth_options();
  synth.vocab = (dir_ / "absent.gguf").native();
  EXPECT_THAT(run_synth(synth).error().message, HasSubstr("absent.gguf"));
  EXPECT_THAT(run_quantize({.in = dir_ / "vocab.gguf", .out = dir_ / "x", .type = ""}).error().message,
              HasSubstr("unknown type ''"));
  EXPECT_FALSE(run_inspect({.file = dir_}));
  EXPECT_FALSE(std::filesystem::exists(dir_ / "tiny.gguf"));
}

}  // namespace
}  // namespace quire::cli
