#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/input_text.h"
#include "cli/model_file.h"
#include "gguf/file.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace quire::cli {
namespace {

using nlohmann::ordered_json;

Result<std::string> read_text(const std::string& path) {
  return path == "-" ? read_standard_input() : read_input(path);
}

Result<ChatTemplate> template_of(const RenderOptions& options) {
  if (!is_gguf_name(options.source)) {
    QUIRE_TRY(const std::string source, read_text(options.source));
    return ChatTemplate::parse(source, options.bos, options.eos);
  }
  QUIRE_TRY(const gguf::File file, gguf::File::open(options.source));
  QUIRE_TRY(const std::string source, file.metadata().get_string("tokenizer.chat_template"));
  QUIRE_TRY(const auto tokenizer, Tokenizer::create(file.metadata()));
  const auto name = [&](TokenId token) { return token < 0 ? std::string() : std::string(tokenizer->name(token)); };
  return ChatTemplate::parse(source, options.bos.empty() ? name(tokenizer->bos()) : options.bos,
                             options.eos.empty() ? name(tokenizer->eos()) : options.eos);
}

// An array is the messages; an object has them under "messages", perhaps "tools", and its other keys are variables.
Result<ChatTemplateInput> input_of(const RenderOptions& options) {
  QUIRE_TRY(const std::string text, read_text(options.messages_file));
  ordered_json parsed = ordered_json::parse(text, nullptr, false);
  const std::string& name = options.messages_file;
  if (parsed.is_discarded()) return fail(ErrorKind::invalid, fmt::format("{}: not JSON", name));
  ChatTemplateInput input{.add_generation_prompt = options.generation_prompt, .now_unix_s = std::time(nullptr)};
  if (parsed.is_object()) {
    if (!parsed.contains("messages")) return fail(ErrorKind::invalid, fmt::format("{}: no key 'messages'", name));
    input.messages = parsed["messages"];
    if (parsed.contains("tools")) input.tools = parsed["tools"];
    if (const auto wanted = parsed.find("add_generation_prompt"); wanted != parsed.end() && wanted->is_boolean()) {
      input.add_generation_prompt = input.add_generation_prompt && wanted->get<bool>();
    }
    for (const char* known : {"messages", "tools", "add_generation_prompt"}) parsed.erase(known);
    input.extra = std::move(parsed);
  } else {
    input.messages = std::move(parsed);
  }
  if (!input.messages.is_array()) {
    return fail(ErrorKind::invalid,
                fmt::format("{}: the messages are {}, an array was expected", name, input.messages.type_name()));
  }
  return input;
}

}  // namespace

Result<void> render_command(const RenderOptions& options) {
  QUIRE_TRY(const ChatTemplate chat_template, template_of(options));
  QUIRE_TRY(const ChatTemplateInput input, input_of(options));
  QUIRE_TRY(const PromptText prompt, chat_template.render(input));
  std::fwrite(prompt.text.data(), 1, prompt.text.size(), stdout);
  std::fflush(stdout);
  if (!options.spans) return {};
  for (const TextSpan& span : prompt.user_spans) fmt::print(stderr, "user {} {}\n", span.begin, span.end);
  return {};
}

}  // namespace quire::cli
