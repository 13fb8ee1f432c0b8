#include "text/parts/typed_values.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "base/ascii.h"
#include "text/parts/json_pieces.h"
#include "text/parts/literals.h"
#include "text/parts/references.h"

namespace quire::parts {
namespace {

using nlohmann::json;

// A schema that refers to itself, or to thousands, ends here: it is any type then.
constexpr size_t schemas_max = 64;

Types type_named(const std::string& name) {
  if (name == "string") return string_type;
  if (name == "number" || name == "integer") return number_type;
  if (name == "boolean") return boolean_type;
  if (name == "null") return null_type;
  if (name == "object") return object_type;
  return name == "array" ? array_type : any_type;
}

Types type_of(const json& value) {
  switch (value.type()) {
    case json::value_t::string:
      return string_type;
    case json::value_t::boolean:
      return boolean_type;
    case json::value_t::null:
      return null_type;
    case json::value_t::object:
      return object_type;
    case json::value_t::array:
      return array_type;
    default:
      return number_type;
  }
}

// Types that this schema alone says, without those it refers to; 0: it says none.
Types own_types(const json& schema) {
  Types types = 0;
  if (const auto type = schema.find("type"); type != schema.end()) {
    if (type->is_string()) return type_named(type->get_ref<const std::string&>());
    if (!type->is_array()) return any_type;
    for (const json& name : *type)
      types |= name.is_string() ? type_named(name.get_ref<const std::string&>()) : any_type;
    return types;
  }
  if (const auto constant = schema.find("const"); constant != schema.end()) return type_of(*constant);
  if (const auto values = schema.find("enum"); values != schema.end() && values->is_array()) {
    for (const json& value : *values) types |= type_of(value);
    return types;
  }
  if (schema.contains("properties")) return object_type;
  return schema.contains("items") ? array_type : types;
}

Types types_of(const json& root, const json& parameter) {
  Types types = 0;
  std::vector<const json*> open = {&parameter};
  for (size_t seen = 0; !open.empty(); ++seen) {
    const json& schema = *open.back();
    open.pop_back();
    if (seen == schemas_max || !schema.is_object()) return any_type;
    const Types own = own_types(schema);
    types |= own;
    if (own != 0) continue;
    bool refers = false;
    for (const char* key : {"anyOf", "oneOf", "allOf"}) {
      const auto list = schema.find(key);
      if (list == schema.end() || !list->is_array()) continue;
      if (list->size() > schemas_max) return any_type;
      for (const json& one : *list) open.push_back(&one);
      refers = true;
    }
    if (const auto reference = schema.find("$ref"); reference != schema.end()) {
      const json* there = referred_schema(root, *reference);
      if (there == nullptr) return any_type;
      open.push_back(there);
      refers = true;
    }
    if (!refers) return any_type;
  }
  return types;
}

// The type that a JSON text has, by its first byte.
Types written_type(std::string_view text) {
  switch (text.front()) {
    case '"':
      return string_type;
    case '{':
      return object_type;
    case '[':
      return array_type;
    case 't':
    case 'f':
      return boolean_type;
    case 'n':
      return null_type;
    default:
      return number_type;
  }
}

// A Python literal as JSON; empty if it is none.
std::string python_literal(std::string_view text) {
  Turn turn;
  std::string value;
  turn.in.begin(read_literal(turn, LiteralForm{}, Sink(value)));
  turn.in.push(text);
  turn.in.finish();
  return turn.in.took_all() && turn.in.found() ? value : std::string{};
}

}  // namespace

ParameterTypes ParameterTypes::of(std::string_view schema) {
  ParameterTypes result;
  const json root = json::parse(schema, nullptr, false);
  const auto properties = root.is_object() ? root.find("properties") : root.end();
  if (properties == root.end() || !properties->is_object()) return result;
  for (const auto& [name, parameter] : properties->items()) result.types_[name] = types_of(root, parameter);
  return result;
}

Types ParameterTypes::types(std::string_view parameter) const {
  const auto found = types_.find(parameter);
  return found == types_.end() || found->second == 0 ? any_type : found->second;
}

Types types_of_schema(std::string_view schema) {
  const json root = json::parse(schema, nullptr, false);
  const Types types = types_of(root, root);
  return types == 0 ? any_type : types;
}

bool is_json(std::string_view text) { return json::accept(text); }

std::string typed_value(std::string_view raw, Types types) {
  const std::string_view text = trimmed(raw);
  if (types == string_type || text.empty()) return quoted(raw);
  if (is_json(text)) {
    const Types written = written_type(text);
    const bool fits = (written & types) != 0 && written != string_type;
    return fits || (types & string_type) == 0 ? std::string(text) : quoted(raw);
  }
  const std::string literal = python_literal(text);
  const bool fits = !literal.empty() && literal.front() != '"' && (written_type(literal) & types) != 0;
  return fits ? literal : quoted(raw);
}

}  // namespace quire::parts
