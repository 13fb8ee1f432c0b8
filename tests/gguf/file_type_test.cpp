#include "gguf/file_type.h"

#include <gtest/gtest.h>

namespace quire::gguf {
namespace {

ElementType chosen(FileType type, std::string_view name, int64_t inputs = 2048, FileFacts facts = {16, false}) {
  return choose_element_type(type, name, {inputs, 512, 1, 1}, facts);
}

TEST(FileType, names_are_found_in_any_case) {
  EXPECT_EQ(find_file_type("Q4_K_M"), FileType::q4_k_m);
  EXPECT_EQ(find_file_type("q4_k_m"), FileType::q4_k_m);
  EXPECT_EQ(find_file_type("bf16"), FileType::bf16);
  EXPECT_EQ(find_file_type("Q4"), std::nullopt);
  EXPECT_EQ(find_file_type(""), std::nullopt);
  EXPECT_EQ(file_type_names(),
            "F32 F16 BF16 Q8_0 Q6_K Q5_K_M Q5_1 Q5_0 Q4_K_M Q4_1 Q4_0 IQ4_NL "
            "IQ4_XS MXFP4_MOE Q3_K_L Q3_K_M Q3_K_S Q2_K");
  EXPECT_EQ(file_type_name(FileType::q6_k), "Q6_K");
}

TEST(FileType, vectors_norms_biases_and_routers_stay_f32) {
  for (const FileType type : {FileType::f16, FileType::q8_0, FileType::q4_k_m}) {
    EXPECT_EQ(choose_element_type(type, "blk.0.attn_norm.weight", {2048, 1, 1, 1}, {}), ElementType::f32);
    EXPECT_EQ(chosen(type, "blk.0.some_norm.weight"), ElementType::f32);
    EXPECT_EQ(chosen(type, "blk.0.attn_q.bias"), ElementType::f32);
    EXPECT_EQ(chosen(type, "blk.0.ffn_gate_inp.weight"), ElementType::f32);
    EXPECT_EQ(chosen(type, "blk.0.altup_router.weight"), ElementType::f32);
    EXPECT_EQ(chosen(type, "blk.0.altup_predict_coef.weight", 4), ElementType::f32);
    EXPECT_EQ(chosen(type, "blk.0.altup_correct_coef.weight", 4), ElementType::f32);
    EXPECT_EQ(chosen(type, "blk.0.ssm_conv1d.weight"), ElementType::f32);
    EXPECT_EQ(chosen(type, "blk.0.shortconv.conv.weight"), ElementType::f32);
  }
}

TEST(FileType, the_output_matrix_of_a_quantized_file_is_at_least_q6_k) {
  for (const FileType type : {FileType::q4_0, FileType::q4_1, FileType::q5_0, FileType::q5_1, FileType::q4_k_m,
                              FileType::q5_k_m, FileType::q6_k, FileType::q3_k_s, FileType::q3_k_m, FileType::q3_k_l,
                              FileType::q2_k, FileType::iq4_nl, FileType::iq4_xs}) {
    EXPECT_EQ(chosen(type, "token_embd.weight"), ElementType::q6_k) << "tied";
    EXPECT_EQ(chosen(type, "output.weight", 2048, {16, true}), ElementType::q6_k);
  }
  EXPECT_EQ(chosen(FileType::q4_0, "token_embd.weight", 2048, {16, true}), ElementType::q4_0) << "untied";
  EXPECT_EQ(chosen(FileType::q4_k_m, "token_embd.weight", 2048, {16, true}), ElementType::q4_k);
  EXPECT_EQ(chosen(FileType::q8_0, "token_embd.weight"), ElementType::q8_0);
  EXPECT_EQ(chosen(FileType::f16, "token_embd.weight"), ElementType::f16);
  EXPECT_EQ(chosen(FileType::f32, "token_embd.weight"), ElementType::f32);
}

TEST(FileType, q4_k_m_and_q5_k_m_give_q6_k_to_half_of_attn_v_and_ffn_down) {
  // 16 layers: the first two, the last two, and every third between from the fifth on.
  std::string found;
  for (int layer = 0; layer < 16; ++layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    const ElementType v = chosen(FileType::q4_k_m, prefix + "attn_v.weight");
    EXPECT_EQ(chosen(FileType::q4_k_m, prefix + "ffn_down.weight"), v);
    EXPECT_EQ(chosen(FileType::q4_k_m, prefix + "attn_q.weight"), ElementType::q4_k);
    EXPECT_EQ(chosen(FileType::q4_k_m, prefix + "ffn_up.weight"), ElementType::q4_k);
    EXPECT_EQ(chosen(FileType::q5_k_m, prefix + "attn_v.weight"), v == ElementType::q6_k ? v : ElementType::q5_k);
    EXPECT_EQ(chosen(FileType::q5_k_m, prefix + "ffn_down.weight"), v == ElementType::q6_k ? v : ElementType::q5_k);
    EXPECT_EQ(chosen(FileType::q5_k_m, prefix + "attn_q.weight"), ElementType::q5_k);
    EXPECT_EQ(chosen(FileType::q4_0, prefix + "attn_v.weight"), ElementType::q4_0);
    found += v == ElementType::q6_k ? '6' : '4';
  }
  EXPECT_EQ(found, "6644644644644666");
}

// The types of a matrix in 16 layers, a letter each.
std::string letters(FileType type, std::string_view matrix, FileFacts facts) {
  std::string found;
  for (int layer = 0; layer < 16; ++layer) {
    const ElementType chosen_type =
        chosen(type, "blk." + std::to_string(layer) + "." + std::string(matrix), 2048, facts);
    const std::string_view name = element_traits(chosen_type).name;
    found += name.starts_with("IQ4_") ? 'i' : name == "MXFP4" ? 'x' : name[1];
  }
  return found;
}

// What llama.cpp's quantize chooses for a model of 16 layers, read off its rules.
TEST(FileType, mixes_give_more_bits_to_values_and_to_what_ends_a_layers_halves) {
  const FileFacts alone = {.layers = 16, .has_output = true, .heads_per_kv_head = 3};
  const FileFacts shared = {.layers = 16, .has_output = true, .heads_per_kv_head = 4};
  const std::string all2(16, '2'), all3(16, '3'), all4(16, '4'), all5(16, '5'), all8(16, '8'), alli(16, 'i');
  for (const char* other : {"attn_q.weight", "attn_k.weight", "ffn_gate.weight", "ffn_up.weight"}) {
    EXPECT_EQ(letters(FileType::q2_k, other, shared), all2);
    EXPECT_EQ(letters(FileType::q3_k_l, other, shared), all3);
    EXPECT_EQ(letters(FileType::iq4_xs, other, shared), alli);
  }
  for (const char* values : {"attn_v.weight", "attn_qkv.weight", "attn_kv_b.weight"}) {
    EXPECT_EQ(letters(FileType::q2_k, values, alone), all3);
    EXPECT_EQ(letters(FileType::q2_k, values, shared), all4);
    EXPECT_EQ(letters(FileType::q3_k_s, values, shared), all3);
    EXPECT_EQ(letters(FileType::q3_k_m, values, shared), "5544444444444444");
    EXPECT_EQ(letters(FileType::q3_k_l, values, alone), all5);
    EXPECT_EQ(letters(FileType::iq4_nl, values, alone), alli);
    EXPECT_EQ(letters(FileType::iq4_nl, values, shared), all5);
    EXPECT_EQ(letters(FileType::iq4_xs, values, shared), all5);
  }
  for (const char* down : {"ffn_down.weight", "ffn_down_exps.weight", "ffn_down_shexp.weight"}) {
    EXPECT_EQ(letters(FileType::q2_k, down, alone), all3);
    EXPECT_EQ(letters(FileType::q3_k_s, down, alone), all3);
    EXPECT_EQ(letters(FileType::q3_k_m, down, alone), "5444444444444444");
    EXPECT_EQ(letters(FileType::q3_k_l, down, alone), all5);
    EXPECT_EQ(letters(FileType::iq4_nl, down, alone), "55iiiiiiiiiiiiii");
    EXPECT_EQ(letters(FileType::iq4_xs, down, {.layers = 16, .has_importance = true}), alli);
    EXPECT_EQ(letters(FileType::q4_k_m, down, alone), "6644644644644666");
  }
  EXPECT_EQ(letters(FileType::q2_k, "attn_output.weight", alone), all3);
  EXPECT_EQ(letters(FileType::q3_k_s, "attn_output.weight", alone), all3);
  EXPECT_EQ(letters(FileType::q3_k_m, "attn_output.weight", alone), all4);
  EXPECT_EQ(letters(FileType::q3_k_l, "attn_output.weight", alone), all5);
  EXPECT_EQ(letters(FileType::iq4_xs, "attn_output.weight", alone), alli);
}

TEST(FileType, mxfp4_moe_is_mxfp4_for_experts_and_q8_0_for_the_rest) {
  const FileFacts facts = {.layers = 16, .has_output = true};
  for (const char* experts : {"ffn_down_exps.weight", "ffn_up_exps.weight", "ffn_gate_exps.weight"}) {
    EXPECT_EQ(letters(FileType::mxfp4_moe, experts, facts), std::string(16, 'x'));
  }
  for (const char* other : {"ffn_down.weight", "ffn_down_shexp.weight", "attn_v.weight", "attn_output.weight"}) {
    EXPECT_EQ(letters(FileType::mxfp4_moe, other, facts), std::string(16, '8'));
  }
  EXPECT_EQ(chosen(FileType::mxfp4_moe, "output.weight", 2048, facts), ElementType::q8_0);
  EXPECT_EQ(chosen(FileType::mxfp4_moe, "token_embd.weight", 2048, facts), ElementType::q8_0);
}

TEST(FileType, rows_that_are_no_whole_blocks_get_the_next_type_that_fits) {
  EXPECT_EQ(chosen(FileType::q4_k_m, "blk.4.attn_q.weight", 96), ElementType::q5_0);
  EXPECT_EQ(chosen(FileType::q5_k_m, "blk.4.attn_q.weight", 96), ElementType::q5_1);
  EXPECT_EQ(chosen(FileType::q6_k, "blk.4.attn_q.weight", 96), ElementType::q8_0);
  EXPECT_EQ(chosen(FileType::iq4_xs, "blk.4.attn_q.weight", 96), ElementType::iq4_nl);
  EXPECT_EQ(chosen(FileType::q3_k_m, "blk.4.attn_q.weight", 96), ElementType::q4_0);
  EXPECT_EQ(chosen(FileType::q2_k, "blk.4.attn_q.weight", 96), ElementType::q4_0);
  EXPECT_EQ(chosen(FileType::q2_k, "blk.4.attn_v.weight", 96), ElementType::q4_0);
  EXPECT_EQ(chosen(FileType::q4_0, "token_embd.weight", 96), ElementType::q8_0);
  for (const FileType type : {FileType::q4_0, FileType::q8_0, FileType::q4_k_m, FileType::q6_k, FileType::q2_k,
                              FileType::iq4_nl, FileType::iq4_xs}) {
    EXPECT_EQ(chosen(type, "blk.4.attn_q.weight", 172), ElementType::f16);
  }
}

}  // namespace
}  // namespace quire::gguf
