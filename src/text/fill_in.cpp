#include "text/fill_in.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/check.h"

namespace quire {
namespace {

struct KnownToken {
  TokenId FillInTokens::*token;
  std::string_view key;        // of the GGUF file
  std::string_view older_key;  // empty: it never had another
  std::array<std::string_view, 6> names;
};

// Names of Qwen and Codestral's kin, StarCoder (with _ and -), CodeLlama (also as SentencePiece spells it), DeepSeek,
// Granite and GLM.
constexpr std::array<KnownToken, 6> known_tokens = {{
    {&FillInTokens::before,
     "tokenizer.ggml.fim_pre_token_id",
     "tokenizer.ggml.prefix_token_id",
     {"<|fim_prefix|>", "<fim_prefix>", "<fim-prefix>", "\u2581<PRE>", "<\uFF5Cfim\u2581begin\uFF5C>",
      "<|code_prefix|>"}},
    {&FillInTokens::after,
     "tokenizer.ggml.fim_suf_token_id",
     "tokenizer.ggml.suffix_token_id",
     {"<|fim_suffix|>", "<fim_suffix>", "<fim-suffix>", "\u2581<SUF>", "<\uFF5Cfim\u2581hole\uFF5C>",
      "<|code_suffix|>"}},
    {&FillInTokens::middle,
     "tokenizer.ggml.fim_mid_token_id",
     "tokenizer.ggml.middle_token_id",
     {"<|fim_middle|>", "<fim_middle>", "<fim-middle>", "\u2581<MID>", "<\uFF5Cfim\u2581end\uFF5C>",
      "<|code_middle|>"}},
    {&FillInTokens::pad, "tokenizer.ggml.fim_pad_token_id", "", {"<|fim_pad|>", "<fim_pad>", "<fim-pad>"}},
    {&FillInTokens::repository,
     "tokenizer.ggml.fim_rep_token_id",
     "",
     {"<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<reponame>"}},
    {&FillInTokens::file, "tokenizer.ggml.fim_sep_token_id", "", {"<|file_sep|>", "<file_sep>"}},
}};

// Takes from the tokens' front what is over, or from their back.
bool keep_last(std::vector<TokenId>& tokens, size_t most) {
  if (tokens.size() <= most) return false;
  tokens.erase(tokens.begin(), tokens.end() - static_cast<std::ptrdiff_t>(most));
  return true;
}
bool keep_first(std::vector<TokenId>& tokens, size_t most) {
  if (tokens.size() <= most) return false;
  tokens.resize(most);
  return true;
}

}  // namespace

std::vector<TokenId> FillInTokens::ends() const {
  std::vector<TokenId> found;
  for (const TokenId token : {pad, repository, file}) {
    if (token != no_token) found.push_back(token);
  }
  return found;
}

FillInTokens find_fill_in_tokens(const gguf::Metadata& metadata) {
  FillInTokens tokens;
  const auto names = metadata.get_strings("tokenizer.ggml.tokens");
  if (!names) return tokens;
  const std::vector<std::string>& vocabulary = names->get();
  const auto last = static_cast<int64_t>(vocabulary.size()) - 1;
  std::unordered_map<std::string_view, TokenId FillInTokens::*> wanted;
  for (const KnownToken& known : known_tokens) {
    for (const std::string_view key : {known.older_key, known.key}) {
      const auto id = key.empty() ? Result<int64_t>(no_token) : metadata.get_int_or(key, no_token, 0, last);
      if (id && *id != no_token) tokens.*known.token = static_cast<TokenId>(*id);
    }
    if (tokens.*known.token != no_token) continue;
    for (const std::string_view name : known.names) {
      if (!name.empty()) wanted.emplace(name, known.token);
    }
  }
  for (size_t id = 0; !wanted.empty() && id < vocabulary.size(); ++id) {
    const auto found = wanted.find(vocabulary[id]);
    if (found != wanted.end() && tokens.*found->second == no_token) tokens.*found->second = static_cast<TokenId>(id);
  }
  return tokens;
}

FillInPrompt fill_in_prompt(const FillInTokens& tokens, FillInContext context, size_t tokens_max) {
  QUIRE_CHECK(tokens.usable() && tokens_max >= 5, "there is a gap, and room around it");
  FillInPrompt prompt;
  const size_t marks = context.bos == no_token ? 3 : 4;
  const size_t room = tokens_max - marks;
  if (context.before.size() + context.after.size() > room) {
    const size_t behind = std::max(room / 4, room - std::min(room, context.before.size()));
    prompt.cut = keep_first(context.after, behind);
    prompt.cut = keep_last(context.before, room - context.after.size()) || prompt.cut;
  }
  const size_t left = room - context.before.size() - context.after.size();
  prompt.cut = keep_last(context.other_files, left) || prompt.cut;
  const auto append = [&](std::span<const TokenId> more) {
    prompt.tokens.insert(prompt.tokens.end(), more.begin(), more.end());
  };
  if (context.bos != no_token) prompt.tokens.push_back(context.bos);
  append(context.other_files);
  prompt.tokens.push_back(tokens.before);
  append(context.before);
  prompt.tokens.push_back(tokens.after);
  append(context.after);
  prompt.tokens.push_back(tokens.middle);
  return prompt;
}

}  // namespace quire
