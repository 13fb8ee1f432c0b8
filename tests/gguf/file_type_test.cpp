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
  EXPECT_EQ(file_type_names(), "F32 F16 BF16 Q8_0 Q6_K Q5_K_M Q5_1 Q5_0 Q4_K_M Q4_1 Q4_0");
  EXPECT_EQ(file_type_name(FileType::q6_k), "Q6_K");
}

TEST(FileType, vectors_norms_biases_and_routers_stay_f32) {
  for (const FileType type : {FileType::f16, FileType::q8_0, FileType::q4_k_m}) {
    EXPECT_EQ(choose_element_type(type, "blk.0.attn_norm.weight", {2048, 1, 1, 1}, {}), ElementType::f32);
    EXPECT_EQ(chosen(type, "blk.0.some_norm.weight"), ElementType::f32);
    EXPECT_EQ(chosen(type, "blk.0.attn_q.bias"), ElementType::f32);
    EXPECT_EQ(chosen(type, "blk.0.ffn_gate_inp.weight"), ElementType::f32);
  }
}

TEST(FileType, the_output_matrix_of_a_quantized_file_is_at_least_q6_k) {
  for (const FileType type : {FileType::q4_0, FileType::q4_1, FileType::q5_0, FileType::q5_1, FileType::q4_k_m,
                              FileType::q5_k_m, FileType::q6_k}) {
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

TEST(FileType, rows_that_are_no_whole_blocks_get_the_next_type_that_fits) {
  EXPECT_EQ(chosen(FileType::q4_k_m, "blk.4.attn_q.weight", 96), ElementType::q5_0);
  EXPECT_EQ(chosen(FileType::q5_k_m, "blk.4.attn_q.weight", 96), ElementType::q5_1);
  EXPECT_EQ(chosen(FileType::q6_k, "blk.4.attn_q.weight", 96), ElementType::q8_0);
  EXPECT_EQ(chosen(FileType::q4_0, "token_embd.weight", 96), ElementType::q8_0);
  for (const FileType type : {FileType::q4_0, FileType::q8_0, FileType::q4_k_m, FileType::q6_k}) {
    EXPECT_EQ(chosen(type, "blk.4.attn_q.weight", 172), ElementType::f16);
  }
}

}  // namespace
}  // namespace quire::gguf
