#include "text/gotemplate/conversation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/ascii.h"
#include "text/role_names.h"

namespace quire::gotemplate {

namespace {

constexpr std::array<FieldType, 7> message_fields = {{
    {.name = "Role", .json_name = "Role"},
    {.name = "Content", .json_name = "Content"},
    {.name = "Thinking", .json_name = "Thinking"},
    {.name = "Images", .json_name = "Images"},
    {.name = "ToolCalls", .json_name = "ToolCalls"},
    {.name = "ToolName", .json_name = "ToolName"},
    {.name = "ToolCallID", .json_name = "ToolCallID"},
}};
constexpr std::array<FieldType, 2> call_fields = {{
    {.name = "ID", .json_name = "ID"},
    {.name = "Function", .json_name = "Function"},
}};
constexpr std::array<FieldType, 3> called_fields = {{
    {.name = "Index", .json_name = "Index"},
    {.name = "Name", .json_name = "Name"},
    {.name = "Arguments", .json_name = "Arguments"},
}};

constexpr RecordType message_type = {
    .go_name = "template.templateMessage", .fields = message_fields, .is_pointer = true};
constexpr RecordType call_type = {.go_name = "template.templateToolCall", .fields = call_fields};
constexpr RecordType called_type = {.go_name = "template.templateToolCallFunction", .fields = called_fields};
constexpr ListType messages_type = {.go_name = "[]*template.templateMessage"};
constexpr ListType images_type = {.go_name = "[]api.ImageData"};
constexpr ListType calls_type = {.go_name = "[]template.templateToolCall"};
constexpr MapType arguments_type = {.go_name = "template.templateArgs", .prints = Prints::as_json};

Result<std::string> string_of(const Json& message, std::string_view name) {
  const Json& json = member(message, name);
  if (json.is_null()) return std::string();
  if (!json.is_string()) return bad_json(fmt::format("a message's {}", name), "a string");
  return json.get<std::string>();
}

// The content with the placeholders of its images, which are numbered from `images` on. They are the template's own
// text: what a client writes is never taken for one.
MarkedText with_image_tags(std::string_view content, size_t image_count, size_t images) {
  constexpr std::string_view mark = "[img]";
  TextBuilder tags, text;
  size_t done = 0;
  for (size_t i = 0; i < image_count; ++i) {
    const std::string tag = fmt::format("[img-{}]", images + i);
    const size_t place = content.find(mark, done);
    if (place == std::string_view::npos) {
      tags.append(tag);
      continue;
    }
    text.append(content.substr(done, place - done), true);
    text.append(tag);
    done = place + mark.size();
  }
  text.append(content.substr(done), true);
  tags.append(text.take());
  return tags.take();
}

// Texts with a blank line between them.
class Paragraphs {
 public:
  void append(const MarkedText& text) {
    if (std::exchange(follows_text_, true)) text_.append("\n\n");
    text_.append(text);
  }
  MarkedText take() { return text_.take(); }

 private:
  TextBuilder text_;
  bool follows_text_ = false;
};

Result<Value> arguments_of(TemplateMemory& memory, const Json& json) {
  if (json.is_null()) return nil_map(arguments_type);
  // OpenAI's clients send the object as a string.
  const Json parsed = json.is_string() ? Json::parse(json.get_ref<const std::string&>(), nullptr, false) : Json();
  const Json& object = json.is_string() ? parsed : json;
  if (!object.is_object()) return bad_json("the arguments of a tool call", "an object");
  QUIRE_TRY(const Value any, value_of_json(memory, object, 4));
  return map_of(arguments_type, any.map()->items);
}

Result<Value> call_of(TemplateMemory& memory, const Json& json) {
  QUIRE_TRY_VOID(check_object(memory, json, "a tool call", 2));
  const Json& function = member(json, "function");
  QUIRE_TRY_VOID(check_object(memory, function, "a tool call's function", 3));
  const Json& index = member(function, "index");
  if (!index.is_null() && !index.is_number_integer()) return bad_json("a tool call's index", "a whole number");
  QUIRE_TRY(Value id, text_member(memory, json, "id"));
  QUIRE_TRY(Value name, text_member(memory, function, "name"));
  QUIRE_TRY(Value arguments, arguments_of(memory, member(function, "arguments")));
  const Value number(index.is_null() ? int64_t{0} : index.get<int64_t>());
  return record_of(call_type, {std::move(id), record_of(called_type, {number, std::move(name), std::move(arguments)})});
}

Result<Value> message_of(TemplateMemory& memory, const Turn& turn) {
  const Json& json = *turn.message;
  QUIRE_TRY(Value thinking, text_member(memory, json, "thinking"));
  QUIRE_TRY(Value images,
            list_member(images_type, json, "images", [](const Json&) -> Result<Value> { return Value(Image{}); }));
  QUIRE_TRY(Value calls,
            list_member(calls_type, json, "tool_calls", [&](const Json& call) { return call_of(memory, call); }));
  QUIRE_TRY(Value tool_name, text_member(memory, json, "tool_name"));
  QUIRE_TRY(Value tool_call_id, text_member(memory, json, "tool_call_id"));
  Value role(memory.text(marked_text(turn.role, !is_role_name(turn.role))));
  return record_of(message_type, {std::move(role), Value(memory.text(turn.content)), std::move(thinking),
                                  std::move(images), std::move(calls), std::move(tool_name), std::move(tool_call_id)});
}

}  // namespace

Result<Conversation> conversation_of(const Json& messages) {
  if (!messages.is_array()) return bad_json("messages", "an array");
  Conversation conversation;
  Paragraphs system;
  std::vector<Paragraphs> contents;  // of the turns
  size_t images = 0;
  for (const Json& message : messages) {
    if (!message.is_object()) return bad_json("a message", "an object");
    QUIRE_TRY(std::string role, string_of(message, "role"));
    QUIRE_TRY(const std::string content, string_of(message, "content"));
    const Json& pictures = member(message, "images");
    if (!pictures.is_null() && !pictures.is_array()) return bad_json("a message's images", "an array");
    role = lower_case(role);
    const MarkedText text = with_image_tags(content, pictures.size(), images);
    images += pictures.size();
    if (role == "system") system.append(text);
    std::vector<Turn>& turns = conversation.turns;
    if (turns.empty() || turns.back().role != role || role == "tool") {
      turns.push_back({.role = std::move(role), .content = {}, .message = &message});
      contents.emplace_back();
    }
    contents.back().append(text);
  }
  for (size_t i = 0; i < contents.size(); ++i) conversation.turns[i].content = contents[i].take();
  conversation.system = system.take();
  return conversation;
}

Result<Value> messages_of(TemplateMemory& memory, const Conversation& conversation) {
  if (conversation.turns.empty()) return nil_list(messages_type);
  std::vector<Value> records;
  records.reserve(conversation.turns.size());
  for (const Turn& turn : conversation.turns) {
    QUIRE_TRY(Value record, message_of(memory, turn));
    records.push_back(std::move(record));
  }
  return list_of(messages_type, std::move(records));
}

}  // namespace quire::gotemplate
