#include "server/requests/fill_in.h"

#include <fmt/format.h>

#include <span>
#include <utility>

#include "text/gotemplate/go_template.h"
#include "text/utf8.h"

namespace quire::server {
namespace {

using api::ApiResult;

// The names that llama.cpp's server gives what nobody has named, which is what models were asked with before.
constexpr std::string_view repository_name = "myproject\n";
constexpr std::string_view gap_file_name = "filename\n";
constexpr std::string_view bare_file_mark = "\n\n--- snippet ---\n\n";

std::span<const api::FillIn::File> nearest_files(std::span<const api::FillIn::File> files, size_t bytes_max) {
  size_t first = files.size();
  for (size_t bytes = 0; first > 0 && bytes <= bytes_max; --first) bytes += files[first - 1].text.size();
  return files.subspan(first);
}

class FilesWriter {
 public:
  explicit FilesWriter(const LoadedModel& model) : model_(model), marks_(model.fill_in_tokens()) {}

  void put_token(TokenId token) { tokens_.push_back(token); }
  // Nothing that a client writes is a control token.
  void put_text(std::string_view text) {
    const std::vector<TokenId> more = model_.tokenize(text, false, false);
    tokens_.insert(tokens_.end(), more.begin(), more.end());
  }

  // The files that are nearest to the gap, as many as hold `bytes_max` bytes; those before them have no room.
  std::vector<TokenId> write(const api::FillIn& gap, size_t bytes_max) {
    if (!gap.names_files) return {};
    if (marks_.repository != no_token) {
      put_token(marks_.repository);
      put_text(repository_name);
    }
    for (const api::FillIn::File& file : nearest_files(gap.other_files, bytes_max)) {
      if (marks_.file != no_token) {
        put_token(marks_.file);
        put_text(file.name + "\n");
      } else {
        put_text(bare_file_mark);
      }
      put_text(file.text);
    }
    if (marks_.file != no_token) {
      put_token(marks_.file);
      put_text(gap_file_name);
    }
    return std::move(tokens_);
  }

 private:
  const LoadedModel& model_;
  const FillInTokens& marks_;
  std::vector<TokenId> tokens_;
};

// The bytes that are nearest to the gap. Twice as many as have room, so that the first tokens of what stays are the
// same as if nothing had gone.
api::TextPrompt shortened(api::TextPrompt prompt, size_t bytes_max, bool from_front) {
  for (api::TextPrompt& piece : prompt.pieces) piece = shortened(std::move(piece), bytes_max, from_front);
  std::string& text = prompt.text;
  if (text.size() / 2 <= bytes_max) return prompt;
  if (from_front) {
    text.erase(0, utf8_character_begin(text, text.size() - 2 * bytes_max));
  } else {
    text.resize(utf8_character_begin(text, 2 * bytes_max));
  }
  return prompt;
}

}  // namespace

ApiResult<Prompt> make_fill_in(const api::GenerationCall& call, const LoadedModel& model, int64_t now_unix_s,
                               int32_t limit) {
  const api::FillIn& gap = *call.fill_in;
  if (!call.raw) {
    const GenerateTemplateInput input{
        .prompt = call.prompt, .suffix = gap.after.text, .think = call.think, .now_unix_s = now_unix_s};
    Result<std::optional<PromptText>> text = model.render_fill_in(input);
    if (!text) return api::refuse(400, fmt::format("the model's template: {}", text.error().message));
    if (*text) return Prompt{.tokens = model.encode(**text), .text = (*text)->text};
  }
  const FillInTokens& marks = model.fill_in_tokens();
  if (!marks.usable()) return api::refuse(400, fmt::format("{} does not support insert", call.model), "suffix");
  constexpr size_t tokens_min = 5;
  if (static_cast<size_t>(limit) <= tokens_min) {
    return api::refuse(400, fmt::format("a prompt with a gap needs a context of more than {} tokens", tokens_min));
  }
  QUIRE_TRY_VOID(check_prompt_ids(gap.before, model, "prompt"));
  QUIRE_TRY_VOID(check_prompt_ids(gap.after, model, "suffix"));
  // So many bytes of a text have as many tokens as the context: what is farther away is not worth tokenizing.
  const size_t bytes_max = static_cast<size_t>(limit) * model.token_bytes_max();
  FillInContext context{.other_files = FilesWriter(model).write(gap, bytes_max),
                        .before = prompt_tokens_of(shortened(gap.before, bytes_max, true), model, false, false),
                        .after = prompt_tokens_of(shortened(gap.after, bytes_max, false), model, false, false),
                        .bos = text_ends(model).before};
  const size_t whole = context.other_files.size() + context.before.size() + context.after.size() + 4;
  if (!call.truncate && whole >= static_cast<size_t>(limit)) return prompt_too_long(whole, limit);
  FillInPrompt filled = fill_in_prompt(marks, std::move(context), static_cast<size_t>(limit) - 1);
  Prompt prompt{.tokens = std::move(filled.tokens), .lost_its_ends = filled.cut};
  if (call.renders_only) prompt.text = text_of_tokens(prompt.tokens, model);
  return prompt;
}

}  // namespace quire::server
