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
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  bf16 = 30,
};

// Elements are stored in blocks of block_elements in block_bytes; a row is a whole number of blocks.
struct ElementTraits {
  ElementType type;
  std::string_view name;  // as GGUF tools write it: "Q4_K"
  int64_t block_elements;
  int64_t block_bytes;
};

inline constexpr std::array<ElementTraits, 11> element_traits_table = {{
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
}};

// Nothing for a number that is not in the table: the caller says which types are supported.
constexpr std::optional<ElementTraits> find_element_traits(uint32_t gguf_number) {
  for (const ElementTraits& traits : element_traits_table) {
    if (static_cast<uint32_t>(traits.type) == gguf_number) return traits;
  }
  return std::nullopt;
}

// REQUIRES: type is one of the enumerators.
constexpr ElementTraits element_traits(ElementType type) { return *find_element_traits(static_cast<uint32_t>(type)); }

// Bytes of a row of `elements` values. REQUIRES: elements is a multiple of the type's block_elements.
constexpr int64_t row_size_bytes(ElementType type, int64_t elements) {
  const ElementTraits traits = element_traits(type);
  return elements / traits.block_elements * traits.block_bytes;
}

}  // namespace quire
