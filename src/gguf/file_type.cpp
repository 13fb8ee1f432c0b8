#include "gguf/file_type.h"

#include <algorithm>
#include <charconv>

namespace quire::gguf {
namespace {

struct FileTypeTraits {
  FileType type;
  std::string_view name;
  ElementType matrices;  // what a matrix gets unless the recipe says otherwise
};

constexpr std::array<FileTypeTraits, 11> file_types = {{
    {FileType::f32, "F32", ElementType::f32},
    {FileType::f16, "F16", ElementType::f16},
    {FileType::bf16, "BF16", ElementType::bf16},
    {FileType::q8_0, "Q8_0", ElementType::q8_0},
    {FileType::q6_k, "Q6_K", ElementType::q6_k},
    {FileType::q5_k_m, "Q5_K_M", ElementType::q5_k},
    {FileType::q5_1, "Q5_1", ElementType::q5_1},
    {FileType::q5_0, "Q5_0", ElementType::q5_0},
    {FileType::q4_k_m, "Q4_K_M", ElementType::q4_k},
    {FileType::q4_1, "Q4_1", ElementType::q4_1},
    {FileType::q4_0, "Q4_0", ElementType::q4_0},
}};

const FileTypeTraits& traits_of(FileType type) { return *std::ranges::find(file_types, type, &FileTypeTraits::type); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The N of "blk.N.".
std::optional<int64_t> layer_of(std::string_view name) {
  constexpr std::string_view prefix = "blk.";
  if (!name.starts_with(prefix)) return std::nullopt;
  int64_t layer = 0;
  const auto [end, error] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), layer);
  if (error != std::errc() || layer < 0) return std::nullopt;
  return layer;
}

// The first and the last eighth of the layers and every third one between.
bool is_sensitive_layer(int64_t layer, int64_t layers) {
  const int64_t eighth = layers / 8;
  return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
}

bool is_matrix(std::string_view name, const std::array<int64_t, 4>& shape) {
  if (shape[1] * shape[2] * shape[3] == 1) return false;
  if (!name.ends_with("weight") || name.ends_with("_norm.weight")) return false;
  return name.find("ffn_gate_inp") == std::string_view::npos;  // a router: small, and its error chooses experts
}

ElementType by_recipe(FileType type, std::string_view name, const FileFacts& facts) {
  const ElementType matrices = traits_of(type).matrices;
  const bool quantized = element_traits(matrices).block_elements > 1;
  const bool is_output = name == (facts.has_output ? "output.weight" : "token_embd.weight");
  if (quantized && is_output) return matrices == ElementType::q8_0 ? matrices : ElementType::q6_k;
  if (type != FileType::q4_k_m && type != FileType::q5_k_m) return matrices;
  if (name.ends_with("attn_qkv.weight")) return type == FileType::q4_k_m ? ElementType::q5_k : ElementType::q6_k;
  if (!name.ends_with("attn_v.weight") && !name.ends_with("ffn_down.weight")) return matrices;
  const auto layer = layer_of(name);
  return layer && is_sensitive_layer(*layer, facts.layers) ? ElementType::q6_k : matrices;
}

bool fits(ElementType type, int64_t row) { return row % element_traits(type).block_elements == 0; }

}  // namespace

std::optional<FileType> find_file_type(std::string_view name) {
  const auto same = [&](const FileTypeTraits& traits) {
    return std::ranges::equal(traits.name, name, {}, lower, lower);
  };
  const auto found = std::ranges::find_if(file_types, same);
  if (found == file_types.end()) return std::nullopt;
  return found->type;
}

std::string_view file_type_name(FileType type) { return traits_of(type).name; }

std::string file_type_names() {
  std::string names;
  for (const FileTypeTraits& traits : file_types) {
    if (!names.empty()) names += ' ';
    names += traits.name;
  }
  return names;
}

ElementType choose_element_type(FileType type, std::string_view name, const std::array<int64_t, 4>& shape,
                                const FileFacts& facts) {
  if (!is_matrix(name, shape)) return ElementType::f32;
  const ElementType chosen = by_recipe(type, name, facts);
  if (fits(chosen, shape[0])) return chosen;
  const ElementType next = chosen == ElementType::q4_k   ? ElementType::q5_0
                           : chosen == ElementType::q5_k ? ElementType::q5_1
                                                         : ElementType::q8_0;
  return fits(next, shape[0]) ? next : ElementType::f16;
}

}  // namespace quire::gguf
