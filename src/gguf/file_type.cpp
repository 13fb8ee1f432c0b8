#include "gguf/file_type.h"

#include <algorithm>
#include <charconv>
#include <span>

namespace quire::gguf {
namespace {

struct FileTypeTraits {
  FileType type;
  std::string_view name;
  ElementType matrices;  // what a matrix gets unless the recipe says otherwise
};

constexpr std::array<FileTypeTraits, 18> file_types = {{
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
    {FileType::iq4_nl, "IQ4_NL", ElementType::iq4_nl},
    {FileType::iq4_xs, "IQ4_XS", ElementType::iq4_xs},
    {FileType::mxfp4_moe, "MXFP4_MOE", ElementType::q8_0},
    {FileType::q3_k_l, "Q3_K_L", ElementType::q3_k},
    {FileType::q3_k_m, "Q3_K_M", ElementType::q3_k},
    {FileType::q3_k_s, "Q3_K_S", ElementType::q3_k},
    {FileType::q2_k, "Q2_K", ElementType::q2_k},
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

// Matrices that a recipe may treat alike.
enum class Role : uint8_t { attention_values, attention_output, down, other };

Role role_of(std::string_view name) {
  for (const std::string_view values : {"attn_v.weight", "attn_qkv.weight", "attn_kv_b.weight"}) {
    if (name.ends_with(values)) return Role::attention_values;
  }
  if (name.ends_with("attn_output.weight")) return Role::attention_output;
  return name.find("ffn_down") != std::string_view::npos ? Role::down : Role::other;
}

// Where in a model a rule holds.
enum class Where : uint8_t {
  everywhere,
  sensitive_layers,  // the first and the last eighth of the layers and every third one between
  first_two_layers,
  first_sixteenth,
  first_eighth_by_guess,  // of the layers, where no importance matrix says what matters
  experts,                // matrices of many experts in one tensor
  shared_values,          // where four query heads or more share one of values, which is small then
};

// Of the rules of a file type for a role, the first that holds says what the matrix gets; without one, what matrices
// get.
struct MixRule {
  FileType type;
  Role role;
  Where where;
  ElementType gets;
};

std::span<const MixRule> mix_rules() {
  using enum Role;
  using enum Where;
  static constexpr MixRule rules[] = {
      {FileType::q5_k_m, attention_values, sensitive_layers, ElementType::q6_k},
      {FileType::q5_k_m, down, sensitive_layers, ElementType::q6_k},
      {FileType::q4_k_m, attention_values, sensitive_layers, ElementType::q6_k},
      {FileType::q4_k_m, down, sensitive_layers, ElementType::q6_k},
      {FileType::iq4_nl, attention_values, shared_values, ElementType::q5_k},
      {FileType::iq4_nl, down, first_eighth_by_guess, ElementType::q5_k},
      {FileType::iq4_xs, attention_values, shared_values, ElementType::q5_k},
      {FileType::iq4_xs, down, first_eighth_by_guess, ElementType::q5_k},
      {FileType::mxfp4_moe, down, experts, ElementType::mxfp4},
      {FileType::mxfp4_moe, other, experts, ElementType::mxfp4},
      {FileType::q3_k_l, attention_values, everywhere, ElementType::q5_k},
      {FileType::q3_k_l, down, everywhere, ElementType::q5_k},
      {FileType::q3_k_l, attention_output, everywhere, ElementType::q5_k},
      {FileType::q3_k_m, attention_values, first_two_layers, ElementType::q5_k},
      {FileType::q3_k_m, attention_values, everywhere, ElementType::q4_k},
      {FileType::q3_k_m, down, first_sixteenth, ElementType::q5_k},
      {FileType::q3_k_m, down, everywhere, ElementType::q4_k},
      {FileType::q3_k_m, attention_output, everywhere, ElementType::q4_k},
      {FileType::q2_k, attention_values, shared_values, ElementType::q4_k},
      {FileType::q2_k, attention_values, everywhere, ElementType::q3_k},
      {FileType::q2_k, down, everywhere, ElementType::q3_k},
      {FileType::q2_k, attention_output, everywhere, ElementType::q3_k},
  };
  return rules;
}

bool holds(Where where, std::string_view name, const FileFacts& facts) {
  using enum Where;
  if (where == everywhere) return true;
  if (where == experts) return name.ends_with("_exps.weight");
  if (where == shared_values) return facts.heads_per_kv_head >= 4;
  const auto found = layer_of(name);
  if (!found) return false;
  const int64_t layer = *found, layers = facts.layers;
  const int64_t eighth = layers / 8;
  if (where == first_two_layers) return layer < 2;
  if (where == first_sixteenth) return layer < layers / 16;
  if (where == first_eighth_by_guess) return !facts.has_importance && layer < eighth;
  return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
}

bool is_matrix(std::string_view name, const std::array<int64_t, 4>& shape) {
  if (shape[1] * shape[2] * shape[3] == 1) return false;
  if (!name.ends_with("weight") || name.ends_with("_norm.weight")) return false;
  if (name == "position_embd.weight" || name == "token_types.weight") return false;  // rows that are added to a token's
  if (name.ends_with("ssm_conv1d.weight") || name.ends_with("shortconv.conv.weight")) return false;  // some taps a row
  // Routers: small, and their errors choose experts, or mix residual streams.
  constexpr std::array routers = {"ffn_gate_inp", "altup_router", "altup_predict_coef", "altup_correct_coef"};
  return std::ranges::none_of(routers, [&](std::string_view router) { return name.find(router) != name.npos; });
}

ElementType by_recipe(FileType type, std::string_view name, const FileFacts& facts) {
  const ElementType matrices = traits_of(type).matrices;
  const bool quantized = element_traits(matrices).block_elements > 1;
  const bool is_output = name == (facts.has_output ? "output.weight" : "token_embd.weight");
  if (quantized && is_output) return matrices == ElementType::q8_0 ? matrices : ElementType::q6_k;
  const Role role = role_of(name);
  const std::span<const MixRule> rules = mix_rules();
  const auto rule = std::ranges::find_if(rules, [&](const MixRule& candidate) {
    return candidate.type == type && candidate.role == role && holds(candidate.where, name, facts);
  });
  return rule == rules.end() ? matrices : rule->gets;
}

// What a matrix gets whose rows are no whole blocks of `type`.
ElementType next_type(ElementType type) {
  switch (type) {
    case ElementType::q4_k:
      return ElementType::q5_0;
    case ElementType::q5_k:
      return ElementType::q5_1;
    case ElementType::iq4_xs:
      return ElementType::iq4_nl;
    case ElementType::q3_k:
    case ElementType::q2_k:
      return ElementType::q4_0;
    default:
      return ElementType::q8_0;
  }
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
  const ElementType next = next_type(chosen);
  return fits(next, shape[0]) ? next : ElementType::f16;
}

}  // namespace quire::gguf
