#include "gguf/published_fixes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace quire::gguf {
namespace {

struct TokenIs {
  size_t id = 0;
  std::string_view name;
};

// Where the file has no such key, or names the token `instead_of`.
struct TokenFix {
  std::string_view key;
  uint32_t id = 0;
  uint32_t instead_of = 0;
};

// A file of this architecture whose vocabulary has all these tokens at these places gets these values.
struct Rule {
  std::string_view architecture;
  std::array<TokenIs, 2> tokens;
  std::string_view pretokenizer;  // where the file names none, or "default"
  std::span<const TokenFix> ids;
};

constexpr std::string_view pre_key = "tokenizer.ggml.pre";

// Llama 3 ends a turn with <|eot_id|>, which its first files did not say: their eos is <|end_of_text|>.
constexpr std::array<TokenFix, 2> llama3_ends = {{
    {"tokenizer.ggml.eos_token_id", 128009, 128001},
    {"tokenizer.ggml.eot_token_id", 128009, 128001},
}};

// Files from before the key of the pre-tokenizer, April 2024, whose vocabulary says which one it is.
constexpr std::array<Rule, 3> rules = {{
    {"llama", {{{128006, "<|start_header_id|>"}, {128009, "<|eot_id|>"}}}, "llama-bpe", llama3_ends},
    {"qwen2", {{{151644, "<|im_start|>"}, {151645, "<|im_end|>"}}}, "qwen2", {}},
    {"qwen3", {{{151644, "<|im_start|>"}, {151645, "<|im_end|>"}}}, "qwen2", {}},
}};

bool applies(const Rule& rule, const Metadata& metadata) {
  if (metadata.get_string_or("general.architecture", "").value_or("") != rule.architecture) return false;
  const auto tokens = metadata.get_strings("tokenizer.ggml.tokens");
  if (!tokens) return false;
  const std::vector<std::string>& names = *tokens;
  return std::ranges::all_of(
      rule.tokens, [&](const TokenIs& token) { return token.id < names.size() && names[token.id] == token.name; });
}

bool is_open(const Metadata& metadata, const TokenFix& fix) {
  const auto found = metadata.get_int_or(fix.key, fix.instead_of, 0, UINT32_MAX);
  return found && *found == fix.instead_of;
}

}  // namespace

void fill_pretokenizer(Metadata& metadata, std::string_view name, std::vector<std::string>& done) {
  const auto found = metadata.get_string_or(pre_key, "");
  if (!found || !(found->empty() || *found == "default")) return;
  metadata.set(std::string(pre_key), std::string(name));
  done.push_back(fmt::format("{} is read as \"{}\"", pre_key, name));
}

std::vector<std::string> apply_published_fixes(Metadata& metadata) {
  std::vector<std::string> done;
  for (const Rule& rule : rules) {
    if (!applies(rule, metadata)) continue;
    fill_pretokenizer(metadata, rule.pretokenizer, done);
    for (const TokenFix& fix : rule.ids) {
      if (!is_open(metadata, fix)) continue;
      metadata.set(std::string(fix.key), fix.id);
      done.push_back(fmt::format("{} is read as {}", fix.key, fix.id));
    }
  }
  return done;
}

}  // namespace quire::gguf
