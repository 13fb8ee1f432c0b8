#include "server/models/prompt_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quire::server {
namespace {

// A conversation for a model that has no template: all of it is the user's.
PromptText plain_prompt(const ChatTemplateInput& input) {
  PromptText prompt;
  for (const auto& message : input.messages) {
    if (!prompt.text.empty()) prompt.text += '\n';
    prompt.text += message.value("content", "");
  }
  if (!prompt.text.empty()) prompt.user_spans.push_back({0, prompt.text.size()});
  return prompt;
}

std::string token_name(const Tokenizer& tokenizer, TokenId token) {
  return token < 0 ? std::string() : std::string(tokenizer.name(token));
}

std::string_view parser_of(const store::ModelDefaults& stored) {
  return stored.parser.empty() ? stored.renderer : stored.parser;
}

// A stored one is used unless the file's own is asked for by a renderer's name.
bool uses_stored_template(const store::ModelDefaults& stored) { return stored.template_ && stored.renderer.empty(); }

}  // namespace

parts::Syntax PromptTemplate::syntax_of(const store::ModelDefaults& stored, std::string_view own) {
  return parts::Syntax::of(uses_stored_template(stored) ? *stored.template_ : own, parser_of(stored));
}

PromptTemplate::PromptTemplate(Chosen chosen, std::string_view source, std::string_view parser)
    : chosen_(std::move(chosen)), source_(source), syntax_(parts::Syntax::of(source, parser)) {
  const bool writes = std::holds_alternative<ChatTemplate>(chosen_) || std::holds_alternative<GoTemplate>(chosen_);
  if (!writes) return;
  roles_ = find_roles(source, [&](const ChatTemplateInput& input) { return render_as_it_is(input); });
}

PromptTemplate PromptTemplate::choose(const store::ModelDefaults& stored, std::string_view own,
                                      const Tokenizer& tokenizer) {
  const std::string_view parser = parser_of(stored);
  const auto of = [&](auto parsed, std::string_view source) {
    return parsed ? PromptTemplate(Chosen(std::move(*parsed)), source, parser)
                  : PromptTemplate(Chosen(std::move(parsed).error()), source, parser);
  };
  // One without a letter would make an empty prompt of every conversation.
  const bool has_own = own.find_first_not_of(" \t\r\n") != std::string_view::npos;
  if (uses_stored_template(stored)) return of(GoTemplate::parse(*stored.template_), *stored.template_);
  if (has_own) {
    const std::string bos = token_name(tokenizer, tokenizer.bos());
    return of(ChatTemplate::parse(own, bos, token_name(tokenizer, tokenizer.eos())), own);
  }
  if (stored.renderer.empty()) return PromptTemplate(Chosen(), "", parser);
  const Error error{
      ErrorKind::unsupported,
      fmt::format("the model is to be rendered by '{}', which is not built in, and its file has no template",
                  stored.renderer)};
  return PromptTemplate(Chosen(error), "", parser);
}

Result<PromptText> PromptTemplate::render_as_it_is(const ChatTemplateInput& input) const {
  if (const auto* jinja = std::get_if<ChatTemplate>(&chosen_)) return jinja->render(input);
  if (const auto* go = std::get_if<GoTemplate>(&chosen_)) return go->render(input);
  return plain_prompt(input);
}

Result<PromptText> PromptTemplate::render(const ChatTemplateInput& input) const {
  if (const auto* error = std::get_if<Error>(&chosen_)) return std::unexpected(*error);
  return render_chat(input, roles_, [&](const ChatTemplateInput& known) { return render_as_it_is(known); });
}

Result<std::optional<PromptText>> PromptTemplate::render_fill_in(const GenerateTemplateInput& input) const {
  const auto* go = std::get_if<GoTemplate>(&chosen_);
  if (go == nullptr || std::ranges::find(go->names(), "suffix") == go->names().end()) return std::nullopt;
  QUIRE_TRY(PromptText text, go->render(input));
  return std::optional(std::move(text));
}

std::string PromptTemplate::fault() const {
  const auto* error = std::get_if<Error>(&chosen_);
  return error == nullptr ? std::string() : error->message;
}

}  // namespace quire::server
