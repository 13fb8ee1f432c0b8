// Each way to write calls, as a grammar.
#include <array>
#include <cctype>

#include "text/parts/call_grammar.h"
#include "text/parts/json_pieces.h"
#include "text/parts/typed_values.h"

namespace quire::parts {
namespace {

using constraint::NodeId;
using WriteCall = Result<NodeId> (*)(CallGrammar&, const CallForm&, const ToolSchema&);

NodeId letters_and_digits(CallGrammar& writer, uint32_t count) {
  constraint::ByteSet set;
  for (int byte = '0'; byte <= 'z'; ++byte) {
    if (std::isalnum(byte) != 0) set.set(static_cast<size_t>(byte));
  }
  return writer.grammar().repeat(writer.grammar().byte_set(set), count, count);
}

// Arguments that keep to the schema, if the tool wants that.
Result<NodeId> arguments(CallGrammar& writer, const ToolSchema& tool) {
  return writer.json(tool.strict ? std::string_view(tool.parameters) : std::string_view{});
}

Result<NodeId> write_json_call(CallGrammar& writer, const CallForm& form, const ToolSchema& tool) {
  const JsonCall& json = form.json;
  QUIRE_TRY(const NodeId object, arguments(writer, tool));
  const NodeId white = writer.white();
  std::vector<NodeId> nodes = {writer.mark("{"), white};
  const auto add = [&](std::initializer_list<NodeId> more) { nodes.insert(nodes.end(), more.begin(), more.end()); };
  const auto key = [&](std::string_view name) { return writer.sequence({writer.mark(quoted(name) + ":"), white}); };
  const auto id = [&](uint32_t size) {
    return writer.sequence({key(json.id), writer.mark("\""), letters_and_digits(writer, size), writer.mark("\"")});
  };
  const NodeId comma = writer.sequence({writer.mark(","), white});
  if (json.name_is_key) {
    add({key(tool.name)});
  } else {
    if (!json.id.empty() && !json.id_is_last) add({id(1), comma});
    add({key(json.name), writer.mark(quoted(tool.name)), comma, key(json.arguments)});
  }
  add({object});
  if (json.id_is_last) add({writer.optional(writer.sequence({comma, id(9)}))});
  add({white, writer.mark("}")});
  return writer.sequence(std::move(nodes));
}

Result<NodeId> write_marked_call(CallGrammar& writer, const CallForm& form, const ToolSchema& tool) {
  const MarkedCall& marked = form.marked;
  QUIRE_TRY(const NodeId object, arguments(writer, tool));
  std::vector<NodeId> nodes = {writer.mark(marked.begin)};
  if (!marked.id_end.empty()) {
    nodes.push_back(letters_and_digits(writer, 9));
    nodes.push_back(writer.mark(marked.id_end));
  }
  nodes.push_back(writer.mark((marked.numbered ? "functions." : "") + tool.name));
  if (marked.numbered) {
    constraint::ByteSet digits;
    for (size_t byte = '0'; byte <= '9'; ++byte) digits.set(byte);
    nodes.push_back(writer.mark(":"));
    nodes.push_back(writer.grammar().repeat(writer.grammar().byte_set(digits), 1, 4));
  }
  nodes.push_back(writer.mark(marked.arguments_begin));
  nodes.push_back(object);
  nodes.push_back(writer.mark(marked.end));
  return writer.sequence(std::move(nodes));
}

Result<NodeId> write_deepseek_call(CallGrammar& writer, const CallForm& form, const ToolSchema& tool) {
  const MarkedCall& marked = form.marked;
  QUIRE_TRY(const NodeId object, arguments(writer, tool));
  const NodeId plain = writer.sequence({writer.mark(tool.name), writer.mark(marked.arguments_begin), object});
  const NodeId fenced =
      writer.sequence({writer.mark("function"), writer.mark(marked.arguments_begin), writer.mark(tool.name),
                       writer.mark("\n```json\n"), object, writer.mark("\n```")});
  return writer.sequence(
      {writer.mark(marked.begin), writer.grammar().choice({plain, fenced}), writer.mark(marked.end)});
}

Result<NodeId> write_mistral_call(CallGrammar& writer, const CallForm&, const ToolSchema& tool) {
  QUIRE_TRY(const NodeId object, arguments(writer, tool));
  const NodeId id = writer.sequence({writer.mark("[CALL_ID]"), letters_and_digits(writer, 9)});
  return writer.sequence({writer.mark(tool.name), writer.optional(id), writer.mark("[ARGS]"), object});
}

// Which of these types the value has.
NodeId type_attribute(CallGrammar& writer, Types types) {
  constexpr std::array<std::pair<Types, std::string_view>, 6> names = {{{string_type, "string"},
                                                                        {number_type, "number"},
                                                                        {boolean_type, "boolean"},
                                                                        {null_type, "null"},
                                                                        {object_type, "object"},
                                                                        {array_type, "array"}}};
  std::vector<NodeId> nodes;
  for (const auto& [type, name] : names) {
    const bool is_text = type == string_type;
    if ((types & type) != 0 && is_text == (types == string_type)) {
      nodes.push_back(writer.mark(" type=\"" + std::string(name) + "\""));
    }
  }
  return writer.grammar().choice(std::move(nodes));
}

// A name that a model makes up.
NodeId any_name(CallGrammar& writer) {
  constraint::ByteSet set;
  for (int byte = '-'; byte <= 'z'; ++byte) {
    if (std::isalnum(byte) != 0 || byte == '_' || byte == '-') set.set(static_cast<size_t>(byte));
  }
  return writer.grammar().repeat(writer.grammar().byte_set(set), 1, 64);
}

// A tagged argument. Without a parameter: of any name, any text.
Result<NodeId> write_argument(CallGrammar& writer, const TaggedCall& tags, const Parameter* parameter, bool strict) {
  const std::array ends = {tags.value_end};
  auto value =
      parameter != nullptr && strict ? writer.bare_value(parameter->schema, tags.value_end) : writer.text_without(ends);
  if (!value) return std::unexpected(value.error());
  std::vector<NodeId> nodes = {writer.mark(tags.key_begin)};
  nodes.push_back(parameter != nullptr ? writer.mark(parameter->name) : any_name(writer));
  nodes.push_back(writer.mark(tags.key_end));
  if (!tags.attributes_end.empty()) {
    const Types types = parameter != nullptr ? types_of_schema(parameter->schema) : string_type;
    nodes.push_back(tags.attributes_end == ">"
                        ? writer.mark(types == string_type ? " string=\"true\"" : " string=\"false\"")
                        : type_attribute(writer, types));
    nodes.push_back(writer.mark(tags.attributes_end));
  }
  if (!tags.value_begin.empty()) nodes.push_back(writer.white());
  nodes.push_back(writer.mark(tags.value_begin));
  if (tags.value_lines) nodes.push_back(writer.mark("\n"));
  nodes.push_back(*value);
  if (tags.value_lines) nodes.push_back(writer.mark("\n"));
  nodes.push_back(writer.mark(tags.value_end));
  nodes.push_back(writer.white());
  return writer.sequence(std::move(nodes));
}

Result<NodeId> write_tagged_call(CallGrammar& writer, const CallForm& form, const ToolSchema& tool) {
  const TaggedCall& tags = form.tagged;
  std::vector<NodeId> nodes = {writer.mark(tags.name_begin), writer.mark(tool.name), writer.mark(tags.name_end)};
  if (!tags.name_attributes_end.empty()) {
    nodes.push_back(writer.mark(" index=\""));
    nodes.push_back(letters_and_digits(writer, 1));
    nodes.push_back(writer.mark("\""));
    nodes.push_back(writer.mark(tags.name_attributes_end));
  }
  nodes.push_back(writer.white());
  QUIRE_TRY(const Parameters parameters, parameters_of(writer, tool));
  for (const Parameter& parameter : parameters.all) {
    QUIRE_TRY(const NodeId argument, write_argument(writer, tags, &parameter, tool.strict));
    nodes.push_back(parameter.required ? argument : writer.optional(argument));
  }
  if (parameters.open) {
    QUIRE_TRY(const NodeId argument, write_argument(writer, tags, nullptr, false));
    nodes.push_back(writer.grammar().repeat(argument, 0));
  }
  nodes.push_back(writer.mark(tags.end));
  return writer.sequence(std::move(nodes));
}

// KEY=VALUE, ...: values are JSON, which reads as Python's.
Result<NodeId> write_python_call(CallGrammar& writer, const CallForm&, const ToolSchema& tool) {
  QUIRE_TRY(const Parameters parameters, parameters_of(writer, tool));
  const auto write = [&](const Parameter& parameter) -> Result<NodeId> {
    QUIRE_TRY(const NodeId value, writer.json(tool.strict ? std::string_view(parameter.schema) : "{}"));
    return writer.sequence({writer.mark(parameter.name + "="), value});
  };
  QUIRE_TRY(const NodeId all, separated(writer, parameters, ", ", write));
  return writer.sequence({writer.mark(tool.name + "("), all, writer.mark(")")});
}

// A value in Gemma's notation: what is inside of brackets keeps to the notation alone.
NodeId gemma_value(CallGrammar& writer, NodeId text, NodeId scalar) {
  constraint::Grammar& grammar = writer.grammar();
  const constraint::RuleId rule = grammar.declare("gemma value");
  const NodeId value = grammar.refer(rule);
  const NodeId member = grammar.sequence({any_name(writer), grammar.bytes(":"), value});
  const auto separated = [&](NodeId one) {
    return writer.optional(grammar.sequence({one, grammar.repeat(grammar.sequence({grammar.bytes(","), one}), 0)}));
  };
  const NodeId object = grammar.sequence({grammar.bytes("{"), separated(member), grammar.bytes("}")});
  const NodeId array = grammar.sequence({grammar.bytes("["), separated(value), grammar.bytes("]")});
  grammar.define(rule, grammar.choice({text, scalar, object, array}));
  return value;
}

Result<NodeId> write_gemma_call(CallGrammar& writer, const CallForm& form, const ToolSchema& tool) {
  constraint::Grammar& grammar = writer.grammar();
  const std::string_view quote = form.marked.begin;
  QUIRE_TRY(const NodeId any_text, writer.bare_value("{\"type\": \"string\"}", quote));
  QUIRE_TRY(const NodeId scalar, writer.json("{\"type\": [\"number\", \"boolean\", \"null\"]}"));
  const NodeId any = gemma_value(writer, grammar.sequence({writer.mark(quote), any_text, writer.mark(quote)}), scalar);
  QUIRE_TRY(const Parameters parameters, parameters_of(writer, tool));
  const auto write = [&](const Parameter& parameter) -> Result<NodeId> {
    const Types types = types_of_schema(parameter.schema);
    NodeId value = any;
    if (tool.strict && types == string_type) {
      QUIRE_TRY(const NodeId text, writer.bare_value(parameter.schema, quote));
      value = grammar.sequence({writer.mark(quote), text, writer.mark(quote)});
    } else if (tool.strict && (types & (string_type | object_type | array_type)) == 0) {
      QUIRE_TRY(value, writer.json(parameter.schema));
    }
    return grammar.sequence({writer.mark(parameter.name + ":"), value});
  };
  QUIRE_TRY(const NodeId all, separated(writer, parameters, ",", write));
  return grammar.sequence({writer.mark("call:" + tool.name + "{"), all, grammar.bytes("}")});
}

struct Way {
  Reading (*read)(Turn&, const CallForm&);
  WriteCall write;
  bool in_section;             // several calls may stand between one opener and its closer
  std::string_view separator;  // between them, beside white space, where they are no list
};
constexpr std::array ways = {
    Way{read_json_calls, write_json_call, true, ""},         Way{read_marked_calls, write_marked_call, true, ""},
    Way{read_deepseek_calls, write_deepseek_call, true, ""}, Way{read_mistral_calls, write_mistral_call, false, ""},
    Way{read_tagged_calls, write_tagged_call, true, ""},     Way{read_python_calls, write_python_call, true, "\n"},
    Way{read_gemma_calls, write_gemma_call, false, ""}};

}  // namespace

Result<NodeId> write_calls(CallGrammar& writer, const CallForm& form, std::span<const ToolSchema> tools,
                           bool parallel) {
  const auto way = std::ranges::find(ways, form.read, &Way::read);
  if (way == ways.end()) return fail(ErrorKind::unsupported, "this model's calls cannot be constrained");
  std::vector<NodeId> calls;
  for (const ToolSchema& tool : tools) {
    QUIRE_TRY(const NodeId call, way->write(writer, form, tool));
    calls.push_back(call);
  }
  const NodeId call = writer.grammar().choice(std::move(calls));
  const bool has_begins = !form.tagged.end.empty() || !form.marked.begin.empty() || !form.closer.empty();
  const bool is_section =
      form.list || (way->in_section && has_begins && (form.tagged.key_begin.empty() || !form.tagged.end.empty()));
  NodeId inside = call;
  if (parallel && is_section) {
    const std::string_view separator = form.list ? "," : way->separator;
    const NodeId more = writer.sequence({writer.mark(separator), writer.white(), call});
    inside = writer.sequence({call, writer.grammar().repeat(more, 0)});
  }
  const NodeId white = writer.white();
  std::vector<NodeId> nodes = {writer.mark(form.at_start ? std::string_view{} : form.opener), white};
  if (form.list) {
    nodes.insert(nodes.end(), {writer.mark("["), white, inside, white, writer.mark("]")});
  } else {
    nodes.push_back(inside);
  }
  nodes.insert(nodes.end(), {white, writer.mark(form.closer)});
  const NodeId section = writer.sequence(std::move(nodes));
  if (!parallel || form.list || form.at_start) return section;
  return writer.sequence({section, writer.grammar().repeat(writer.sequence({white, section}), 0)});
}

}  // namespace quire::parts
