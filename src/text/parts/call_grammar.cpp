#include "text/parts/call_grammar.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "text/constraint/grammar/free_text.h"
#include "text/constraint/masks/token_trie.h"
#include "text/constraint/pattern/regular.h"
#include "text/constraint/schema/schema.h"
#include "text/parts/json_pieces.h"
#include "text/parts/references.h"
#include "text/parts/typed_values.h"

namespace quire::parts {
namespace {

using constraint::ByteSet;
using constraint::Grammar;
using constraint::NodeId;
using nlohmann::ordered_json;

// A new line and two steps of indentation, as far as templates go. A bound keeps a model from writing nothing else.
constexpr uint32_t white_bytes_max = 10;

ByteSet bytes_of(std::string_view text) {
  ByteSet set;
  for (const char byte : text) set.set(static_cast<unsigned char>(byte));
  return set;
}

// An expression that finds this text.
std::string literal_expression(std::string_view text) {
  std::string expression;
  for (const char byte : text) {
    if (std::string_view("\\^$.*+?()[]{}|/").contains(byte)) expression += '\\';
    expression += byte;
  }
  return expression;
}

uint64_t count_of(const ordered_json& schema, const char* key, uint64_t otherwise) {
  const auto found = schema.find(key);
  return found != schema.end() && found->is_number_unsigned() ? found->get<uint64_t>() : otherwise;
}

// Texts of a string parameter; none where any will do. `format` says what is meant, and forbids nothing.
Result<std::optional<constraint::Regular>> string_texts(const ordered_json& schema) {
  std::optional<constraint::Regular> texts;
  if (const auto pattern = schema.find("pattern"); pattern != schema.end() && pattern->is_string()) {
    QUIRE_TRY(texts, constraint::Regular::parse(pattern->get_ref<const std::string&>(), constraint::Match::anywhere));
  }
  const uint64_t min = count_of(schema, "minLength", 0);
  const uint64_t max = count_of(schema, "maxLength", UINT64_MAX);
  if (min == 0 && max == UINT64_MAX) return texts;
  QUIRE_TRY(const constraint::Regular lengths, constraint::Regular::characters(min, max));
  if (!texts) return lengths;
  QUIRE_TRY(texts, texts->both(lengths));
  return texts;
}

// The text of a part of `root`, with what its references lead to.
std::string text_of_part(const ordered_json& root, const ordered_json& part) {
  std::string text = part.dump();
  if (!part.is_object() || !text.contains("\"$ref\"")) return text;
  ordered_json whole = part;
  for (const char* definitions : {"$defs", "definitions"}) {
    if (root.contains(definitions)) whole[definitions] = root[definitions];
  }
  return whole.dump();
}

// The schemas that a value of this one has to keep to one of: itself, or what it refers to or lists and says no more
// than that. None: there are too many, or one is not there.
std::vector<const ordered_json*> alternatives_of(const ordered_json& root) {
  constexpr size_t schemas_max = 64;
  std::vector<const ordered_json*> found;
  std::vector<const ordered_json*> open = {&root};
  for (size_t seen = 0; !open.empty(); ++seen) {
    const ordered_json* schema = open.back();
    open.pop_back();
    if (seen == schemas_max || !schema->is_object()) return {};
    const auto says = [&](const char* key) { return schema->contains(key); };
    const bool says_more =
        std::ranges::any_of(std::array{"type", "enum", "const", "pattern", "minLength", "maxLength"}, says);
    const auto lists = [&](const char* key) { return says(key) && (*schema)[key].is_array(); };
    const char* list = lists("anyOf") ? "anyOf" : lists("oneOf") ? "oneOf" : "allOf";
    if (says_more) {
      found.push_back(schema);
    } else if (says("$ref")) {
      open.push_back(referred_schema(root, (*schema)["$ref"]));
      if (open.back() == nullptr) return {};
    } else if (lists(list) && (*schema)[list].size() <= (std::string_view(list) == "allOf" ? 1 : schemas_max)) {
      for (const ordered_json& one : (*schema)[list]) open.push_back(&one);
    } else {
      found.push_back(schema);
    }
  }
  return found;
}

}  // namespace

NodeId CallGrammar::mark(std::string_view text) {
  std::vector<NodeId> nodes;
  std::string plain;
  const auto end_plain = [&] {
    if (!plain.empty()) nodes.push_back(grammar_.bytes(plain));
    plain.clear();
  };
  while (!text.empty()) {
    const auto token = std::ranges::find_if(control_, [&](const std::string& one) { return text.starts_with(one); });
    if (token == control_.end()) {
      plain += text.front();
      text.remove_prefix(1);
      continue;
    }
    end_plain();
    nodes.push_back(grammar_.bytes(constraint::control_text(*token)));
    text.remove_prefix(token->size());
  }
  end_plain();
  return grammar_.sequence(std::move(nodes));
}

NodeId CallGrammar::white() { return grammar_.repeat(grammar_.byte_set(bytes_of(" \n")), 0, white_bytes_max); }

Result<NodeId> CallGrammar::text_without(std::span<const std::string_view> marks) {
  std::vector<std::string> texts;
  for (const std::string_view mark : marks) {
    // A control token is no text anyway.
    const bool is_control = std::ranges::any_of(control_, [&](const auto& one) { return mark.contains(one); });
    if (!mark.empty() && !is_control) texts.emplace_back(mark);
  }
  return constraint::free_until(grammar_, texts);
}

Result<NodeId> CallGrammar::json(std::string_view schema) {
  if (schema.empty()) return grammar_.include(constraint::json_object_grammar());
  QUIRE_TRY(const Grammar grammar, constraint::schema_grammar(schema));
  return grammar_.include(grammar);
}

Result<std::optional<NodeId>> CallGrammar::limited_text(const ordered_json& schema, std::string_view end) {
  // A value of another type is none that the schema allows, whatever `enum` and `const` say.
  const auto add_text = [&](std::vector<NodeId>& values, const ordered_json& value) {
    if (value.is_string()) values.push_back(grammar_.bytes(value.get_ref<const std::string&>()));
  };
  std::vector<NodeId> values;
  if (const auto list = schema.find("enum"); list != schema.end() && list->is_array()) {
    for (const ordered_json& value : *list) add_text(values, value);
    return grammar_.choice(std::move(values));
  }
  if (const auto value = schema.find("const"); value != schema.end()) {
    add_text(values, *value);
    return grammar_.choice(std::move(values));
  }
  QUIRE_TRY(const std::optional<constraint::Regular> texts, string_texts(schema));
  if (!texts) return std::nullopt;
  QUIRE_TRY(const constraint::Regular with_end,
            constraint::Regular::parse(literal_expression(end), constraint::Match::anywhere));
  QUIRE_TRY(const constraint::Regular without_end, texts->without(with_end));
  return without_end.add_to(grammar_);
}

Result<NodeId> CallGrammar::bare_value(std::string_view schema_text, std::string_view end) {
  const ordered_json root = ordered_json::parse(schema_text, nullptr, false);
  const std::array ends = {end};
  if ((types_of_schema(schema_text) & string_type) == 0) return json(schema_text);
  std::vector<NodeId> values;
  for (const ordered_json* schema : alternatives_of(root)) {
    const std::string text = text_of_part(root, *schema);
    QUIRE_TRY_VOID(take_schema(text));
    const Types types = types_of_schema(text);
    if ((types & string_type) == 0) {
      QUIRE_TRY(const NodeId value, json(text));
      values.push_back(value);
      continue;
    }
    std::optional<NodeId> limited;
    if (types == string_type) {
      QUIRE_TRY(limited, limited_text(*schema, end));
    }
    if (!limited) return text_without(ends);
    values.push_back(*limited);
  }
  return values.empty() ? text_without(ends) : Result<NodeId>(grammar_.choice(std::move(values)));
}

Result<void> CallGrammar::take_schema(std::string_view text) {
  constexpr size_t bytes_max = size_t{16} << 20;
  schema_bytes_ += text.size();
  if (schema_bytes_ <= bytes_max) return {};
  return fail(
      ErrorKind::too_large,
      fmt::format("the parameters of the tools have more than {} bytes with what each of them refers to", bytes_max));
}

Result<Parameters> parameters_of(CallGrammar& writer, const ToolSchema& tool) {
  Parameters parameters;
  const ordered_json root = ordered_json::parse(tool.parameters, nullptr, false);
  parameters.open = !root.is_object() || !root.contains("properties") || !root["properties"].is_object();
  if (parameters.open) return parameters;
  const auto required = root.find("required");
  for (const auto& [name, schema] : root["properties"].items()) {
    const bool is_required = required != root.end() && required->is_array() &&
                             std::ranges::any_of(*required, [&](const auto& one) { return one == name; });
    parameters.all.push_back({.name = name, .schema = text_of_part(root, schema), .required = is_required});
    QUIRE_TRY_VOID(writer.take_schema(parameters.all.back().schema));
  }
  return parameters;
}

Result<NodeId> separated(CallGrammar& writer, const Parameters& parameters, std::string_view comma,
                         FunctionRef<Result<NodeId>(const Parameter&)> write) {
  Grammar& grammar = writer.grammar();
  // Each suffix of the parameters, with and without something before it.
  NodeId behind = grammar.nothing();
  NodeId first = grammar.nothing();
  for (size_t index = parameters.all.size(); index-- > 0;) {
    const Parameter& parameter = parameters.all[index];
    QUIRE_TRY(const NodeId one, write(parameter));
    const NodeId begins = grammar.sequence({one, behind});
    const NodeId follows = grammar.sequence({grammar.bytes(comma), one, behind});
    first = parameter.required ? begins : grammar.choice({begins, first});
    behind = parameter.required ? follows : grammar.choice({follows, behind});
  }
  return first;
}

}  // namespace quire::parts
