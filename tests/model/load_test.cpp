// What a file may not say, and what the error says then.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "base/bytes.h"
#include "model/kv_layout.h"
#include "model/kv_store.h"
#include "model/model.h"
#include "support/random_model.h"
#include "support/runner.h"
#include "support/tensor_bytes.h"

namespace quire {
namespace {

using testing::HasSubstr;

// The error that loading gives after `spoil`, "" when there is none.
std::string error_after(const test::Shape& shape, const std::function<void(test::Draft&)>& spoil) {
  test::Draft draft = test::draft(shape);
  spoil(draft);
  const std::vector<std::byte> bytes = test::fill(draft, 1);
  Result<gguf::File> file = gguf::File::parse(bytes);
  if (!file) return "not a file: " + file.error().message;
  Team team(1);
  CpuBackend backend(team, *supported_kernel_tables().back());
  const Result<Model> model = Model::load(*file, backend);
  return model ? "" : model.error().message;
}

std::string error_after(const std::function<void(test::Draft&)>& spoil) { return error_after({}, spoil); }

void set(test::Draft& draft, const std::string& key, int64_t value) { draft.metadata.set("llama." + key, value); }

TEST(Load, a_sound_file_of_each_architecture_loads) {
  for (const char* architecture : {"llama", "qwen2", "qwen3"}) {
    EXPECT_EQ(error_after({.architecture = architecture}, [](test::Draft&) {}), "");
  }
}

TEST(Load, an_unknown_architecture_names_itself_and_those_that_are_supported) {
  const std::string error =
      error_after([](test::Draft& d) { d.metadata.set("general.architecture", std::string("mamba")); });
  EXPECT_THAT(error, HasSubstr("general.architecture: found \"mamba\"; supported are bert, cohere2, command-r, "));
}

TEST(Load, each_required_key_is_named_when_it_is_missing) {
  for (const char* key :
       {"general.architecture", "llama.block_count", "llama.context_length", "llama.embedding_length",
        "llama.feed_forward_length", "llama.attention.head_count", "llama.attention.layer_norm_rms_epsilon"}) {
    EXPECT_THAT(error_after([&](test::Draft& d) { d.metadata.erase(key); }), HasSubstr(key));
  }
}

TEST(Load, optional_keys_have_the_usual_values) {
  EXPECT_EQ(error_after([](test::Draft& d) {
              for (const char* key : {"attention.key_length", "attention.value_length", "rope.freq_base"}) {
                d.metadata.erase(std::string("llama.") + key);
              }
            }),
            "");
  EXPECT_EQ(error_after({.heads = 4, .kv_heads = 4},
                        [](test::Draft& d) { d.metadata.erase("llama.attention.head_count_kv"); }),
            "");
}

TEST(Load, each_count_is_refused_when_it_is_absurd) {
  for (const char* key :
       {"block_count", "context_length", "embedding_length", "feed_forward_length", "attention.head_count",
        "attention.head_count_kv", "attention.key_length", "attention.value_length", "rope.dimension_count"}) {
    for (const int64_t value : {int64_t{0}, int64_t{-1}, int64_t{1} << 31, int64_t{1} << 60, INT64_MIN, INT64_MAX}) {
      EXPECT_THAT(error_after([&](test::Draft& d) { set(d, key, value); }), HasSubstr(std::string("llama.") + key))
          << value;
    }
  }
}

TEST(Load, a_value_of_another_type_is_refused) {
  for (const char* key : {"block_count", "attention.head_count", "attention.head_count_kv", "attention.key_length",
                          "attention.layer_norm_rms_epsilon", "rope.freq_base", "rope.scaling.type"}) {
    const std::string full = std::string("llama.") + key;
    EXPECT_THAT(error_after([&](test::Draft& d) { d.metadata.set(full, std::vector<std::string>{"4"}); }),
                HasSubstr(full));
  }
}

TEST(Load, heads_must_divide) {
  EXPECT_THAT(error_after([](test::Draft& d) { set(d, "attention.head_count_kv", 3); }),
              HasSubstr("llama.attention.head_count_kv: found 3, expected a divisor of attention.head_count, 4"));
  EXPECT_THAT(error_after([](test::Draft& d) { set(d, "attention.head_count_kv", 8); }),
              HasSubstr("llama.attention.head_count_kv: found 8"));
  EXPECT_THAT(error_after([](test::Draft& d) {
                d.metadata.erase("llama.attention.key_length");
                set(d, "attention.head_count", 7);
                set(d, "attention.head_count_kv", 7);
              }),
              HasSubstr("llama.attention.head_count: found 7, expected a divisor of embedding_length, 64"));
}

TEST(Load, head_sizes_must_fit_each_other) {
  EXPECT_THAT(error_after([](test::Draft& d) { set(d, "attention.key_length", 15); }),
              HasSubstr("llama.attention.key_length: found 15, expected an even"));
  EXPECT_THAT(error_after([](test::Draft& d) { set(d, "attention.value_length", 32); }),
              HasSubstr("llama.attention.value_length: found 32, expected that of attention.key_length, 16"));
  EXPECT_THAT(error_after([](test::Draft& d) { set(d, "rope.dimension_count", 18); }),
              HasSubstr("llama.rope.dimension_count: found 18, expected an even number up to the head's size, 16"));
  EXPECT_THAT(error_after([](test::Draft& d) { set(d, "rope.dimension_count", 7); }),
              HasSubstr("llama.rope.dimension_count: found 7"));
}

TEST(Load, constants_must_be_numbers_in_range) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float value : {nan, infinity, -infinity, -1.0F}) {
    EXPECT_THAT(error_after([&](test::Draft& d) { d.metadata.set("llama.attention.layer_norm_rms_epsilon", value); }),
                HasSubstr("llama.attention.layer_norm_rms_epsilon"));
    EXPECT_THAT(error_after([&](test::Draft& d) { d.metadata.set("llama.rope.freq_base", value); }),
                HasSubstr("llama.rope.freq_base"));
  }
  EXPECT_THAT(error_after([](test::Draft& d) { d.metadata.set("llama.rope.freq_base", 0.0F); }),
              HasSubstr("llama.rope.freq_base: found 0"));
}

TEST(Load, a_rope_scaling_that_is_not_supported_is_named) {
  const std::string key = "llama.rope.scaling.type";
  for (const char* type : {"longrope", "dynamic", ""}) {
    const std::string error = error_after([&](test::Draft& d) { d.metadata.set(key, std::string(type)); });
    EXPECT_THAT(error, HasSubstr(key + ": found \"" + type + "\""));
    EXPECT_THAT(error, HasSubstr("supported are \"none\", \"linear\" and \"yarn\""));
  }
  EXPECT_EQ(error_after([&](test::Draft& d) { d.metadata.set(key, std::string("none")); }), "");
  EXPECT_EQ(error_after([&](test::Draft& d) {
              d.metadata.set(key, std::string("linear"));
              d.metadata.set("llama.rope.scaling.factor", 4.0F);
            }),
            "");
  EXPECT_THAT(error_after([&](test::Draft& d) {
                d.metadata.set(key, std::string("linear"));
                d.metadata.set("llama.rope.scaling.factor", 0.0F);
              }),
              HasSubstr("llama.rope.scaling.factor: found 0"));
}

const test::Shape with_experts{.architecture = "qwen3moe", .experts = 4};

TEST(Load, what_is_wrong_with_a_mixture_of_experts_is_named) {
  const auto error_with = [](const std::string& key, int64_t value) {
    return error_after(with_experts, [&](test::Draft& d) { d.metadata.set("qwen3moe." + key, value); });
  };
  EXPECT_EQ(error_with("expert_gating_func", 1), "");
  EXPECT_THAT(error_with("expert_count", 0), HasSubstr("'qwen3moe.expert_count' is 0; expected an integer from 1"));
  EXPECT_THAT(error_with("expert_used_count", 5),
              HasSubstr("'qwen3moe.expert_used_count' is 5; expected an integer from 1 to 4"));
  EXPECT_THAT(error_with("expert_gating_func", 4), HasSubstr("qwen3moe.expert_gating_func: found 4; supported are 1"));
  EXPECT_THAT(error_with("expert_group_count", 3), HasSubstr("qwen3moe.expert_group_count: found 3"));
  EXPECT_THAT(error_with("expert_group_count", 2), HasSubstr("qwen3moe.expert_group_used_count"));
  EXPECT_THAT(error_after([](test::Draft& d) { set(d, "expert_count", 8); }), HasSubstr("llama.expert_used_count"));
}

TEST(Load, each_tensor_is_named_when_it_is_missing) {
  for (const test::Shape& shape :
       {test::Shape{}, test::Shape{.architecture = "qwen2"}, {.architecture = "qwen3"}, with_experts}) {
    for (const gguf::TensorSpec& tensor : test::draft(shape).tensors) {
      if (tensor.name == "output.weight") continue;  // without it the output is tied
      EXPECT_THAT(error_after(shape, [&](test::Draft& d) { d.remove(tensor.name); }),
                  HasSubstr("tensor " + tensor.name + ": not in the file"));
    }
  }
}

TEST(Load, each_tensor_is_named_when_its_shape_is_another) {
  for (const test::Shape& shape :
       {test::Shape{.rope_factors = true}, {.architecture = "qwen2"}, {.architecture = "qwen3"}, with_experts}) {
    for (const gguf::TensorSpec& tensor : test::draft(shape).tensors) {
      for (const size_t dimension : {size_t{0}, size_t{1}, size_t{2}}) {
        // The embedding's rows are the vocabulary: another number of them shows in the output's shape.
        const bool is_vocabulary = tensor.name == "token_embd.weight" && dimension == 1;
        const std::string error =
            error_after(shape, [&](test::Draft& d) { d.tensor(tensor.name).shape[dimension] += 2; });
        EXPECT_THAT(error, HasSubstr("tensor " + (is_vocabulary ? "output.weight" : tensor.name) + ": found shape ["));
        EXPECT_THAT(error, HasSubstr("expected ["));
      }
    }
  }
}

TEST(Load, a_shape_error_says_what_was_found_and_expected) {
  EXPECT_EQ(error_after([](test::Draft& d) {
              d.tensor("blk.1.ffn_up.weight").shape = {64, 80, 1, 1};
            }),
            "tensor blk.1.ffn_up.weight: found shape [64, 80, 1, 1], expected [64, 96]");
}

TEST(Load, a_tensor_that_the_architecture_does_not_know_is_refused) {
  for (const char* name :
       {"blk.0.attn_q_norm.weight", "blk.2.attn_norm.weight", "output.bias", "blk.0.ffn_gate_exps.weight"}) {
    EXPECT_THAT(error_after([&](test::Draft& d) {
                  d.tensors.push_back({.name = name, .shape = {64, 1, 1, 1}});
                }),
                HasSubstr(std::string("tensor ") + name + ": not part of architecture llama"));
  }
}

TEST(Load, tensors_beside_the_text_model_are_skipped) {
  for (const char* architecture : {"llama", "qwen2", "qwen3"}) {
    for (const char* name : {"v.blk.0.attn_q.weight", "v.patch_embd.weight", "mm.0.bias", "a.conv1d.1.weight",
                             "mtp.layers.0.mixer.weight", "model.vision_tower.layers.0.norm.weight"}) {
      EXPECT_EQ(error_after({.architecture = architecture},
                            [&](test::Draft& d) {
                              d.tensors.push_back({.name = name, .type = ElementType::f16, .shape = {14, 14, 3, 8}});
                            }),
                "")
          << name;
    }
  }
  EXPECT_THAT(error_after([](test::Draft& d) {
                d.tensors.push_back({.name = "vision.weight", .shape = {64, 1, 1, 1}});
              }),
              HasSubstr("tensor vision.weight: not part of architecture llama"));
}

// The layers that guess further tokens are counted as blocks, and are the last ones.
TEST(Load, trailing_blocks_that_guess_further_tokens_are_skipped) {
  const auto with_guess = [](test::Draft& d) {
    set(d, "block_count", 3);
    set(d, "nextn_predict_layers", 1);
    for (const char* name : {"blk.2.nextn.eh_proj.weight", "blk.2.attn_q.weight"}) {
      d.tensors.push_back({.name = name, .type = ElementType::f16, .shape = {128, 64, 1, 1}});
    }
  };
  EXPECT_EQ(error_after(with_guess), "");
  EXPECT_THAT(error_after([&](test::Draft& d) {
                with_guess(d);
                d.tensors.push_back({.name = "blk.3.attn_norm.weight", .shape = {64, 1, 1, 1}});
              }),
              HasSubstr("tensor blk.3.attn_norm.weight: not part of architecture llama"));
  for (const int64_t count : {-1, 2, 3}) {
    EXPECT_THAT(error_after([&](test::Draft& d) { set(d, "nextn_predict_layers", count); }),
                HasSubstr("llama.nextn_predict_layers' is " + std::to_string(count)));
  }
}

TEST(Load, a_file_without_the_blocks_that_guess_has_as_many_layers_as_it_says) {
  test::Draft draft = test::draft({.layers = 3});
  set(draft, "nextn_predict_layers", 1);
  const std::vector<std::byte> bytes = test::fill(draft, 1);
  const gguf::File file = test::take(gguf::File::parse(bytes));
  EXPECT_EQ(test::take(read_config(file, KvType::f16)).layer_count(), 2);
  EXPECT_EQ(test::take(read_config(file, KvType::f16)).skipped_layers, 1);
}

// A file whose matrices are all F32 asks for exactness, whatever its projector is made of.
TEST(Load, what_is_skipped_does_not_choose_the_kv_type) {
  test::Draft draft = test::draft({});
  draft.tensors.push_back({.name = "v.a.weight", .type = ElementType::f16, .shape = {32, 32, 1, 1}});
  const std::vector<std::byte> bytes = test::fill(draft, 1);
  const gguf::File file = test::take(gguf::File::parse(bytes));
  EXPECT_EQ(test::take(read_config(file, KvType::f16)).kv_type, KvType::f32);
}

TEST(Load, norms_and_biases_may_not_be_quantized) {
  EXPECT_THAT(error_after([](test::Draft& d) { d.tensor("blk.0.attn_norm.weight").type = ElementType::q8_0; }),
              HasSubstr("tensor blk.0.attn_norm.weight: found type Q8_0, expected F32, F16 or BF16"));
  EXPECT_EQ(error_after([](test::Draft& d) { d.tensor("blk.0.attn_norm.weight").type = ElementType::f16; }), "");
}

std::vector<float> logits_of(const std::vector<std::byte>& bytes, std::span<const TokenId> tokens) {
  test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), *supported_kernel_tables().back(), 2);
  test::Runner runner(loaded, {.block_count = 1, .context_tokens = 32, .running_max = 1, .step_tokens_max = 1});
  return runner.one_by_one(tokens, test::first_blocks(32, 32));
}

// Of the output matrix, where what it does to logits is one multiplication.
TEST(Load, a_matrix_may_have_a_scale_of_its_own) {
  const std::array<TokenId, 3> tokens = {1, 2, 3};
  test::Draft draft = test::draft({.type = ElementType::nvfp4, .width = 64, .ffn_width = 64});
  const std::vector<float> plain = logits_of(test::fill(draft, 1), tokens);
  draft.tensors.push_back({.name = "output.scale", .shape = {1, 1, 1, 1}});
  const std::vector<std::byte> bytes = test::fill(draft, 1);
  const float scale =
      load_value<float>(test::bytes_of(*test::take(gguf::File::parse(bytes)).find_tensor("output.scale")).data());
  ASSERT_NE(scale, 1.0F);
  std::vector<float> expected = plain;
  for (float& logit : expected) logit *= scale;
  EXPECT_EQ(logits_of(bytes, tokens), expected);

  EXPECT_EQ(error_after([](test::Draft& d) { d.tensors.push_back({.name = "blk.0.ffn_up.scale"}); }), "");
  EXPECT_THAT(error_after([](test::Draft& d) { d.tensors.push_back({.name = "blk.0.ffn_up.input_scale"}); }),
              HasSubstr("tensor blk.0.ffn_up.input_scale: not part of architecture llama"));
  EXPECT_THAT(error_after({.tied = true}, [](test::Draft& d) { d.tensors.push_back({.name = "token_embd.scale"}); }),
              HasSubstr("tensor token_embd.scale: not part of architecture llama"));
}

TEST(Load, matrices_of_one_model_may_have_different_types) {
  EXPECT_EQ(error_after([](test::Draft& d) {
              d.tensor("blk.0.attn_q.weight").type = ElementType::q8_0;
              d.tensor("blk.0.attn_k.weight").type = ElementType::f16;
              d.tensor("output.weight").type = ElementType::q5_1;
            }),
            "");
}

TEST(Load, progress_ends_at_all_bytes_of_the_matrices) {
  const std::vector<std::byte> bytes = test::synthesize({.tied = true});
  const gguf::File file = test::take(gguf::File::parse(bytes));
  Team team(2);
  CpuBackend backend(team, *supported_kernel_tables().back());
  std::vector<uint64_t> done;
  uint64_t total = 0;
  const Model model = test::take(Model::load(file, backend, {}, [&](uint64_t done_bytes, uint64_t total_bytes) {
    done.push_back(done_bytes);
    total = total_bytes;
    return true;
  }));
  EXPECT_EQ(done.size(), size_t{2 * 7 + 1});
  EXPECT_TRUE(std::ranges::is_sorted(done));
  EXPECT_EQ(done.back(), total);
  EXPECT_GE(model.weight_size_bytes(), total);
}

TEST(Load, is_given_up_when_nobody_wants_the_model_any_more) {
  const std::vector<std::byte> bytes = test::synthesize({.tied = true});
  const gguf::File file = test::take(gguf::File::parse(bytes));
  Team team(2);
  CpuBackend backend(team, *supported_kernel_tables().back());
  int calls = 0;
  const auto refused = Model::load(file, backend, {}, [&](uint64_t, uint64_t) { return ++calls < 3; });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::cancelled);
  EXPECT_EQ(calls, 3);
}

ModelConfig layers_of(size_t count, const AttentionConfig& attention) {
  ModelConfig config;
  config.layers.assign(count, {.branches = {{.norm = "attn_norm", .blocks = {attention}}}});
  return config;
}

int64_t block_size_bytes(const ModelConfig& config) {
  return KvLayout(config, 64, false).block_size_bytes(MemoryClass::full);
}

TEST(KvStore, a_block_in_q8_0_is_17_32nds_of_one_in_f16) {
  ModelConfig config = layers_of(3, {.heads = 2, .kv_heads = 2, .head_dim = 64});
  const int64_t f16_bytes = block_size_bytes(config);
  EXPECT_EQ(f16_bytes, 3 * 2 * 64 * 2 * 64 * 2);
  config.kv_type = KvType::q8_0;
  EXPECT_EQ(block_size_bytes(config) * 32, f16_bytes * 17);
  config.kv_type = KvType::f32;
  EXPECT_EQ(block_size_bytes(config), f16_bytes * 2);
}

// Only a file whose matrices are all F32 is kept more exactly than asked for.
TEST(KvStore, keeps_what_was_asked_for) {
  Team team(1);
  CpuBackend backend(team, *supported_kernel_tables().back());
  const auto kept = [&](ElementType weights, KvType asked) {
    const std::vector<std::byte> bytes = test::synthesize({.type = weights});
    const gguf::File file = test::take(gguf::File::parse(bytes));
    return test::take(Model::load(file, backend, {.kv_type = asked})).config().kv_type;
  };
  EXPECT_EQ(kept(ElementType::f32, KvType::f16), KvType::f32);
  EXPECT_EQ(kept(ElementType::f32, KvType::q8_0), KvType::q8_0);
  EXPECT_EQ(kept(ElementType::q8_0, KvType::f16), KvType::f16);
  EXPECT_EQ(kept(ElementType::q8_0, KvType::q8_0), KvType::q8_0);
}

TEST(Load, products_are_the_elements_of_the_matrices) {
  const test::Shape shape{.tied = true};
  const std::vector<std::byte> bytes = test::synthesize(shape);
  const gguf::File file = test::take(gguf::File::parse(bytes));
  Team team(1);
  CpuBackend backend(team, *supported_kernel_tables().back());
  const Model model = test::take(Model::load(file, backend));
  int64_t elements = 0;
  for (const TensorView& tensor : file.tensors()) {
    if (tensor.shape[1] > 1) elements += tensor.element_count();
  }
  EXPECT_EQ(model.output_products(), shape.vocab * shape.width);
  EXPECT_EQ(model.layer_products() + model.output_products(), elements);
}

TEST(KvStore, limits_that_cannot_be_had_are_errors) {
  ModelConfig config = layers_of(2, {.heads = 2, .kv_heads = 2, .head_dim = 16});
  Team team(1);
  CpuBackend backend(team, *find_kernel_table("scalar"));
  const std::array stages = {Stage{.on = &backend, .layers = {.begin = 0, .end = 1}},
                             Stage{.on = &backend, .layers = {.begin = 1, .end = 2}}};
  EXPECT_THAT(KvStore::create(config, {.block_tokens = 16, .block_count = 4}, stages).error().message,
              HasSubstr("block_tokens: found 16, expected a positive multiple of 32"));
  EXPECT_THAT(KvStore::create(config, {.block_tokens = 32, .block_count = 0}, stages).error().message,
              HasSubstr("block_count: found 0"));
  config = layers_of(1024, {.heads = 4096, .kv_heads = 4096, .head_dim = 1024});
  EXPECT_THAT(KvStore::create(config, {.block_tokens = 32, .block_count = INT32_MAX}, stages).error().message,
              HasSubstr("KV"));
}

}  // namespace
}  // namespace quire
