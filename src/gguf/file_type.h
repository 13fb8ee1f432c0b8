// What a whole file is quantized to: which element type each tensor gets.
// Source: the recipes of llama.cpp's quantize tool, so that files are alike in quality and size.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tensor/element_type.h"

namespace quire::gguf {

// Values of general.file_type.
enum class FileType : uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q8_0 = 7,
  q5_0 = 8,
  q5_1 = 9,
  q2_k = 10,
  q3_k_s = 11,
  q3_k_m = 12,
  q3_k_l = 13,
  q4_k_m = 15,
  q5_k_m = 17,
  q6_k = 18,
  iq4_nl = 25,
  iq4_xs = 30,
  bf16 = 32,
  mxfp4_moe = 38,
};

// By name in any case ("q4_k_m"); an error text can list file_type_names().
std::optional<FileType> find_file_type(std::string_view name);
std::string_view file_type_name(FileType type);
std::string file_type_names();

// What the choice depends on besides the tensor itself.
struct FileFacts {
  int64_t layers = 0;
  bool has_output = false;        // false: the token embedding is the output matrix too
  int64_t heads_per_kv_head = 1;  // query heads that share a head of keys and values; 0: not known
  bool has_importance = false;    // an importance matrix weighs the errors
};

// The type of one tensor. Vectors, norms and biases stay F32. In quantized files the output matrix is at least Q6_K.
// Mixes (names that end in _M or _L, Q2_K, IQ4) give more bits to the matrices of values and those that end a layer's
// halves, in some layers or all; Q4_K_M and Q5_K_M give Q6_K to attn_v and ffn_down in about half of the layers.
// MXFP4_MOE makes experts MXFP4 and all else Q8_0. Rows that are no whole blocks get the next type that fits: Q4_K ->
// Q5_0, Q5_K -> Q5_1, Q6_K -> Q8_0, IQ4_XS -> IQ4_NL, Q3_K and Q2_K -> Q4_0, else F16.
ElementType choose_element_type(FileType type, std::string_view name, const std::array<int64_t, 4>& shape,
                                const FileFacts& facts);

}  // namespace quire::gguf
