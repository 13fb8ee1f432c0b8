#include "text/chat_turns.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"

namespace quire {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view spaces = " \t\n\v\f\r";
constexpr std::string_view blank_line = "\n\n";

std::string_view without_leading_spaces(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(spaces), text.size()));
  return text;
}

std::string_view without_trailing_spaces(std::string_view text) {
  return text.substr(0, text.find_last_not_of(spaces) + 1);
}

bool has_role(const Json& message, std::string_view role) {
  const auto found = message.is_object() ? message.find("role") : message.end();
  return found != message.end() && found->is_string() && found->get_ref<const std::string&>() == role;
}

// The content where it is text; null for parts and for none.
std::string* text_of(Json& message) {
  const auto found = message.is_object() ? message.find("content") : message.end();
  return found != message.end() && found->is_string() ? &found->get_ref<std::string&>() : nullptr;
}

bool shows(RenderChat render, const Json& messages, std::string_view said) {
  ChatTemplateInput input;
  input.messages = messages;
  const Result<PromptText> rendered = render(input);
  return rendered && rendered->text.find(said) != std::string::npos;
}

Json developers_as_system(Json messages) {
  Json result = Json::array();
  for (Json& message : messages) {
    if (has_role(message, "developer")) {
      std::string* said = text_of(message);
      std::string* before = result.empty() || !has_role(result.back(), "system") ? nullptr : text_of(result.back());
      if (said != nullptr && before != nullptr) {
        *before += std::string(blank_line) + *said;
        continue;
      }
      message["role"] = "system";
    }
    result.push_back(std::move(message));
  }
  return result;
}

Json system_in_user_turns(Json messages) {
  Json result = Json::array();
  std::string waiting;  // for the next user's message
  for (Json& message : messages) {
    std::string* text = text_of(message);
    if (text != nullptr && has_role(message, "system")) {
      if (!waiting.empty()) waiting += blank_line;
      waiting += *text;
      continue;
    }
    if (text != nullptr && has_role(message, "user") && !waiting.empty()) {
      *text = std::exchange(waiting, {}) + std::string(blank_line) + *text;
    }
    result.push_back(std::move(message));
  }
  if (!waiting.empty()) result.push_back({{"role", "user"}, {"content", std::move(waiting)}});
  return result;
}

// A word that nobody has said.
std::string unused_mark(const Json& messages) {
  const std::string said = messages.dump(-1, ' ', false, Json::error_handler_t::replace);
  for (int number = 0;; ++number) {
    std::string mark = "quire-goes-on-here-" + std::to_string(number) + ".";
    if (said.find(mark) == std::string::npos) return mark;
  }
}

// Whether `text` ends with what the message says, perhaps without spaces before it or without the thoughts that
// templates take out of it.
bool ends_with_message(std::string_view text, std::string_view content) {
  constexpr std::string_view end_of_thoughts = "</think>";
  if (text.ends_with(without_leading_spaces(content))) return true;
  const size_t thoughts = content.rfind(end_of_thoughts);
  return thoughts != std::string_view::npos &&
         text.ends_with(without_leading_spaces(content.substr(thoughts + end_of_thoughts.size())));
}

void cut(PromptText& prompt, size_t size) {
  prompt.text.resize(size);
  while (!prompt.user_spans.empty() && prompt.user_spans.back().end > size) {
    TextSpan& last = prompt.user_spans.back();
    last.end = size;
    if (last.begin >= size) prompt.user_spans.pop_back();
  }
}

}  // namespace

TemplateRoles find_roles(std::string_view source, RenderChat render) {
  constexpr const char* said = "quire-asks";
  const Json user = {{"role", "user"}, {"content", said}};
  if (!shows(render, Json::array({user}), said)) return {};
  const Json greeting = {{"role", "user"}, {"content", "Hello"}};
  const auto knows = [&](const char* role) {
    return shows(render, Json::array({{{"role", role}, {"content", said}}, greeting}), said);
  };
  return {.system = knows("system"),
          .developer = source.find("developer") != std::string_view::npos && knows("developer")};
}

Json with_known_roles(Json messages, const TemplateRoles& roles) {
  if (!roles.developer) messages = developers_as_system(std::move(messages));
  if (!roles.system) messages = system_in_user_turns(std::move(messages));
  return messages;
}

Result<PromptText> render_chat(ChatTemplateInput input, const TemplateRoles& roles, RenderChat render) {
  input.messages = with_known_roles(std::move(input.messages), roles);
  return input.leaves_open ? render_open(std::move(input), render) : render(input);
}

Result<PromptText> render_open(ChatTemplateInput input, RenderChat render) {
  QUIRE_CHECK(!input.messages.empty(), "there is a last message");
  std::string* last = text_of(input.messages.back());
  if (last == nullptr) return fail(ErrorKind::invalid, "the last message has no text that could be continued");
  const std::string content = *last;
  const std::string mark = unused_mark(input.messages);
  // A space behind the mark tells whether the template keeps spaces at the end.
  *last += mark + " ";
  input.add_generation_prompt = false;
  QUIRE_TRY(PromptText prompt, render(input));
  const size_t at = prompt.text.find(mark);
  if (at == std::string::npos || prompt.text.find(mark, at + 1) != std::string::npos) {
    return fail(ErrorKind::invalid, "it does not write the last message exactly once, so that cannot be continued");
  }
  const bool keeps_spaces = prompt.text.compare(at + mark.size(), 1, " ") == 0;
  const std::string_view kept = keeps_spaces ? content : without_trailing_spaces(content);
  // The spaces that a template would have taken away stand before the mark; of nothing but spaces, none does.
  const size_t end = kept.empty() ? at : at - std::min(at, content.size() - kept.size());
  if (!ends_with_message(std::string_view(prompt.text).substr(0, end), kept)) {
    return fail(ErrorKind::invalid, "it changes the last message, so that cannot be continued");
  }
  cut(prompt, end);
  return prompt;
}

}  // namespace quire
