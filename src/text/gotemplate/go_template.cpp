#include "text/gotemplate/go_template.h"

#include <algorithm>
#include <array>

#include "text/gotemplate/conversation.h"
#include "text/gotemplate/names.h"
#include "text/gotemplate/parser.h"
#include "text/gotemplate/render.h"
#include "text/gotemplate/tools.h"

namespace quire {

using namespace gotemplate;

struct GoTemplate::Parsed {
  Syntax syntax;
  Body until_response;  // the last turn of a template that knows no messages
  std::vector<std::string> names;

  bool mentions(std::string_view name) const { return std::binary_search(names.begin(), names.end(), name); }
};

namespace {

// What the server made of a request is the template's own text.
Value own_text(std::string_view bytes) { return plain(bytes); }

// .Think, .ThinkLevel and .IsThinkSet.
using Fields = std::vector<std::pair<Str, Value>>;

void set(Fields& fields, std::string_view name, Value value) {
  fields.emplace_back(std::make_shared<const MarkedText>(plain_text(std::string(name))), std::move(value));
}

Value level_of(TemplateMemory& memory, const ThinkRequest& think) {
  constexpr std::array<std::string_view, 4> levels = {"low", "medium", "high", "max"};
  if (think.level.empty()) return own_text(think.enabled ? "medium" : "");
  const bool is_known = std::find(levels.begin(), levels.end(), think.level) != levels.end();
  return Value(memory.text(marked_text(think.level, !is_known)));
}

Fields think_fields(TemplateMemory& memory, const std::optional<ThinkRequest>& think) {
  Fields fields;
  set(fields, "Think", Value(think && think->enabled));
  set(fields, "ThinkLevel", think ? level_of(memory, *think) : own_text(""));
  set(fields, "IsThinkSet", Value(think.has_value()));
  return fields;
}

Value user_value(TemplateMemory& memory, const std::string& bytes) { return Value(memory.text(user_text(bytes))); }

// Executes a template that knows no messages once for each question and its answer.
class Turns {
 public:
  Turns(Render& render, TemplateMemory& memory, const Fields& think)
      : render_(render), memory_(memory), think_(think) {}

  Render::Status run(const Conversation& conversation, const Body& body, const Body& until_response) {
    for (const Turn& turn : conversation.turns) {
      if (turn.role == "system") {
        if (!prompt_.bytes.empty() || !response_.bytes.empty()) QUIRE_TRY_VOID(execute(body));
        system_ = turn.content;
      } else if (turn.role == "user") {
        if (!response_.bytes.empty()) QUIRE_TRY_VOID(execute(body));
        prompt_ = turn.content;
      } else if (turn.role == "assistant") {
        response_ = turn.content;
      }
    }
    return execute(until_response);
  }

 private:
  Render::Status execute(const Body& body) {
    Fields fields = think_;
    set(fields, "System", Value(memory_.text(std::exchange(system_, {}))));
    set(fields, "Prompt", Value(memory_.text(std::exchange(prompt_, {}))));
    set(fields, "Response", Value(memory_.text(std::exchange(response_, {}))));
    return render_.run(body, map_of(any_map, std::move(fields)));
  }

  Render& render_;
  TemplateMemory& memory_;
  const Fields& think_;
  MarkedText system_, prompt_, response_;
};

}  // namespace

Result<GoTemplate> GoTemplate::parse(std::string_view source) {
  auto parsed = std::make_unique<Parsed>();
  QUIRE_TRY(parsed->syntax, gotemplate::parse(source));
  parsed->names = names_of(parsed->syntax);
  if (!parsed->mentions("messages") && !parsed->mentions("response")) {
    // The answer belongs somewhere: behind everything else.
    const operand::Field response{.names = {"Response"}};
    auto pipeline = std::make_shared<const Pipeline>(Pipeline{.commands = {{response}}});
    parsed->syntax.body.push_back({.node = statement::Action{std::move(pipeline)}});
  }
  parsed->until_response = until_response(parsed->syntax.body);
  return GoTemplate(std::move(parsed));
}

GoTemplate::GoTemplate(std::unique_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}
GoTemplate::GoTemplate(GoTemplate&&) noexcept = default;
GoTemplate& GoTemplate::operator=(GoTemplate&&) noexcept = default;
GoTemplate::~GoTemplate() = default;

const std::vector<std::string>& GoTemplate::names() const { return parsed_->names; }

Result<PromptText> GoTemplate::render(const ChatTemplateInput& input, const TemplateLimits& limits) const {
  TemplateMemory memory(limits.memory_bytes_max);
  Render render(parsed_->syntax, memory, limits, input.now_unix_s);
  QUIRE_TRY(const Conversation conversation, conversation_of(input.messages));
  Fields fields = think_fields(memory, input.think);
  if (!parsed_->mentions("messages")) {
    QUIRE_TRY_VOID(Turns(render, memory, fields).run(conversation, parsed_->syntax.body, parsed_->until_response));
    return render.take();
  }
  QUIRE_TRY(Value messages, messages_of(memory, conversation));
  QUIRE_TRY(Value tools, tools_of_json(memory, input.tools));
  set(fields, "System", Value(memory.text(conversation.system)));
  set(fields, "Messages", std::move(messages));
  set(fields, "Tools", std::move(tools));
  set(fields, "Response", own_text(""));
  QUIRE_TRY_VOID(render.run(parsed_->syntax.body, map_of(any_map, std::move(fields))));
  return render.take();
}

Result<PromptText> GoTemplate::render(const GenerateTemplateInput& input, const TemplateLimits& limits) const {
  if (input.suffix.empty() || input.prompt.empty()) {
    ChatTemplateInput chat{
        .tools = nlohmann::ordered_json::array(), .think = input.think, .now_unix_s = input.now_unix_s};
    if (!input.system.empty()) chat.messages.push_back({{"role", "system"}, {"content", input.system}});
    for (const auto& message : input.messages) chat.messages.push_back(message);
    chat.messages.push_back({{"role", "user"}, {"content", input.prompt}});
    if (input.image_count > 0) chat.messages.back()["images"] = nlohmann::ordered_json(input.image_count, nullptr);
    return render(chat, limits);
  }
  TemplateMemory memory(limits.memory_bytes_max);
  Render render(parsed_->syntax, memory, limits, input.now_unix_s);
  Fields fields = think_fields(memory, input.think);
  set(fields, "Prompt", user_value(memory, input.prompt));
  set(fields, "Suffix", user_value(memory, input.suffix));
  set(fields, "Response", own_text(""));
  QUIRE_TRY_VOID(render.run(parsed_->syntax.body, map_of(any_map, std::move(fields))));
  return render.take();
}

}  // namespace quire
