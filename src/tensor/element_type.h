// The element types that weights, activations and KV come in, with their GGUF numbers.
// Source: the GGUF specification (ggml-org/ggml, docs/gguf.md), enum ggml_type.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace quire {

enum class ElementType : uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q5_1 = 7,
  q8_0 = 8,
  q2_k = 10,
  q3_k = 11,
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  iq2_xxs = 16,
  iq2_xs = 17,
  iq3_xxs = 18,
  iq1_s = 19,
  iq4_nl = 20,
  iq3_s = 21,
  iq2_s = 22,
  iq4_xs = 23,
  iq1_m = 29,
  bf16 = 30,
  tq1_0 = 34,
  tq2_0 = 35,
  mxfp4 = 39,
  nvfp4 = 40,
};

// Elements are stored in blocks of block_elements in block_bytes; a row is a whole number of blocks.
struct ElementTraits {
  ElementType type;
  std::string_view name;  // as GGUF tools write it: "Q4_K"
  int64_t block_elements;
  int64_t block_bytes;
};

inline constexpr std::array<ElementTraits, 26> element_traits_table = {{
    {ElementType::f32, "F32", 1, 4},
    {ElementType::f16, "F16", 1, 2},
    {ElementType::bf16, "BF16", 1, 2},
    {ElementType::q8_0, "Q8_0", 32, 34},
    {ElementType::q4_0, "Q4_0", 32, 18},
    {ElementType::q4_1, "Q4_1", 32, 20},
    {ElementType::q5_0, "Q5_0", 32, 22},
    {ElementType::q5_1, "Q5_1", 32, 24},
    {ElementType::q4_k, "Q4_K", 256, 144},
    {ElementType::q5_k, "Q5_K", 256, 176},
    {ElementType::q6_k, "Q6_K", 256, 210},
    {ElementType::q3_k, "Q3_K", 256, 110},
    {ElementType::q2_k, "Q2_K", 256, 84},
    {ElementType::mxfp4, "MXFP4", 32, 17},
    {ElementType::nvfp4, "NVFP4", 64, 36},
    {ElementType::iq4_nl, "IQ4_NL", 32, 18},
    {ElementType::iq4_xs, "IQ4_XS", 256, 136},
    {ElementType::iq3_s, "IQ3_S", 256, 110},
    {ElementType::iq3_xxs, "IQ3_XXS", 256, 98},
    {ElementType::iq2_s, "IQ2_S", 256, 82},
    {ElementType::iq2_xs, "IQ2_XS", 256, 74},
    {ElementType::iq2_xxs, "IQ2_XXS", 256, 66},
    {ElementType::iq1_m, "IQ1_M", 256, 56},
    {ElementType::iq1_s, "IQ1_S", 256, 50},
    {ElementType::tq2_0, "TQ2_0", 256, 66},
    {ElementType::tq1_0, "TQ1_0", 256, 54},
}};

// Nothing for a number that is not in the table: the caller says which types are supported.
constexpr std::optional<ElementTraits> find_element_traits(uint32_t gguf_number) {
  for (const ElementTraits& traits : element_traits_table) {
    if (static_cast<uint32_t>(traits.type) == gguf_number) return traits;
  }
  return std::nullopt;
}

// What GGUF calls a number that is not in the table; empty where it has no name.
constexpr std::string_view name_of_other_type(uint32_t gguf_number) {
  switch (gguf_number) {
    case 9:
      return "Q8_1";
    case 15:
      return "Q8_K";
    case 24:
      return "I8";
    case 25:
      return "I16";
    case 26:
      return "I32";
    case 27:
      return "I64";
    case 28:
      return "F64";
    case 41:
      return "Q1_0";
    case 42:
      return "Q2_0";
    default:
      return {};
  }
}

// REQUIRES: type is one of the enumerators.
constexpr ElementTraits element_traits(ElementType type) { return *find_element_traits(static_cast<uint32_t>(type)); }

// Bytes of a row of `elements` values. REQUIRES: elements is a multiple of the type's block_elements.
constexpr int64_t row_size_bytes(ElementType type, int64_t elements) {
  const ElementTraits traits = element_traits(type);
  return elements / traits.block_elements * traits.block_bytes;
}

}  // namespace quire
