#include "text/gotemplate/tools.h"

#include <array>
#include <nlohmann/json.hpp>

#include "text/gotemplate/render.h"

namespace quire::gotemplate {

namespace {

constexpr std::array<FieldType, 3> tool_fields = {{
    {.name = "Type", .json_name = "type"},
    {.name = "Items", .json_name = "items", .omits_empty = true},
    {.name = "Function", .json_name = "function"},
}};
constexpr std::array<FieldType, 3> function_fields = {{
    {.name = "Name", .json_name = "name"},
    {.name = "Description", .json_name = "description"},
    {.name = "Parameters", .json_name = "parameters"},
}};
constexpr std::array<FieldType, 5> parameters_fields = {{
    {.name = "Type", .json_name = "type"},
    {.name = "Defs", .json_name = "$defs", .omits_empty = true},
    {.name = "Items", .json_name = "items", .omits_empty = true},
    {.name = "Required", .json_name = "required", .omits_empty = true},
    {.name = "Properties", .json_name = "properties"},
}};
constexpr std::array<FieldType, 7> property_fields = {{
    {.name = "AnyOf", .json_name = "anyOf", .omits_empty = true},
    {.name = "Type", .json_name = "type", .omits_empty = true},
    {.name = "Items", .json_name = "items", .omits_empty = true},
    {.name = "Description", .json_name = "description", .omits_empty = true},
    {.name = "Enum", .json_name = "enum", .omits_empty = true},
    {.name = "Properties", .json_name = "properties", .omits_empty = true},
    {.name = "Required", .json_name = "required", .omits_empty = true},
}};

// Ollama lets tools, one tool and its properties print as JSON, but not a function or its parameters.
constexpr RecordType tool_type = {.go_name = "template.templateTool", .fields = tool_fields, .prints = Prints::as_json};
constexpr RecordType function_type = {.go_name = "template.templateToolFunction", .fields = function_fields};
constexpr RecordType parameters_type = {.go_name = "template.templateToolFunctionParameters",
                                        .fields = parameters_fields};
constexpr RecordType property_type = {.go_name = "api.ToolProperty", .fields = property_fields};

constexpr ListType tools_type = {.go_name = "template.templateTools", .prints = Prints::as_json};
constexpr ListType strings_type = {.go_name = "[]string"};
constexpr ListType property_types_type = {.go_name = "api.PropertyType", .prints = Prints::as_alternatives};
constexpr ListType any_of_type = {.go_name = "[]api.ToolProperty"};

Value zero_property();
constexpr MapType properties_type = {
    .go_name = "template.templateProperties", .prints = Prints::as_json, .zero = zero_property};
constexpr MapType inner_properties_type = {.go_name = "*api.ToolPropertiesMap", .is_sealed = true};

Value zero_property() {
  return record_of(property_type, {nil_list(any_of_type), nil_list(property_types_type), Value(Null{}), plain(""),
                                   nil_list(any_list), nil_map(inner_properties_type), nil_list(strings_type)});
}

// One conversion of a request's tools. REQUIRES: memory outlives the values.
class ToolReader {
 public:
  explicit ToolReader(TemplateMemory& memory) : memory_(memory) {}

  Result<Value> tool(const Json& json) {
    QUIRE_TRY_VOID(check_object(memory_, json, "a tool", 0));
    QUIRE_TRY(Value type, text_member(memory_, json, "type"));
    QUIRE_TRY(Value items, any_member(memory_, json, "items", 1));
    QUIRE_TRY(Value called, function(member(json, "function")));
    return record_of(tool_type, {std::move(type), std::move(items), std::move(called)});
  }

 private:
  Result<Value> function(const Json& json) {
    QUIRE_TRY_VOID(check_object(memory_, json, "function", 1));
    QUIRE_TRY(Value name, text_member(memory_, json, "name"));
    QUIRE_TRY(Value description, text_member(memory_, json, "description"));
    QUIRE_TRY(Value accepted, parameters(member(json, "parameters")));
    return record_of(function_type, {std::move(name), std::move(description), std::move(accepted)});
  }

  Result<Value> parameters(const Json& json) {
    QUIRE_TRY_VOID(check_object(memory_, json, "parameters", 2));
    QUIRE_TRY(Value type, text_member(memory_, json, "type"));
    QUIRE_TRY(Value defs, any_member(memory_, json, "$defs", 3));
    QUIRE_TRY(Value items, any_member(memory_, json, "items", 3));
    QUIRE_TRY(Value required, texts_member(memory_, strings_type, json, "required"));
    QUIRE_TRY(Value known, properties(properties_type, member(json, "properties"), 3));
    return record_of(parameters_type,
                     {std::move(type), std::move(defs), std::move(items), std::move(required), std::move(known)});
  }

  Result<Value> properties(const MapType& type, const Json& json, int depth) {
    if (json.is_null()) return nil_map(type);
    QUIRE_TRY_VOID(check_object(memory_, json, "properties", depth));
    std::vector<std::pair<Str, Value>> items;
    items.reserve(json.size());
    for (const auto& item : json.items()) {
      QUIRE_TRY(Value value, property(item.value(), depth + 1));
      items.emplace_back(memory_.text(user_text(item.key())), std::move(value));
    }
    return map_of(type, std::move(items));
  }

  Result<Value> property(const Json& json, int depth) {
    QUIRE_TRY_VOID(check_object(memory_, json, "a property", depth));
    memory_.charge(property_fields.size() * sizeof(Value));
    QUIRE_TRY(Value any_of,
              list_member(any_of_type, json, "anyOf", [&](const Json& item) { return property(item, depth + 1); }));
    QUIRE_TRY(Value types, property_types(json));
    QUIRE_TRY(Value items, any_member(memory_, json, "items", depth + 1));
    QUIRE_TRY(Value description, text_member(memory_, json, "description"));
    QUIRE_TRY(Value values, list_member(any_list, json, "enum",
                                        [&](const Json& item) { return value_of_json(memory_, item, depth + 1); }));
    QUIRE_TRY(Value inner, properties(inner_properties_type, member(json, "properties"), depth + 1));
    QUIRE_TRY(Value required, texts_member(memory_, strings_type, json, "required"));
    return record_of(property_type, {std::move(any_of), std::move(types), std::move(items), std::move(description),
                                     std::move(values), std::move(inner), std::move(required)});
  }

  // "string", or ["string", "null"].
  Result<Value> property_types(const Json& json) {
    if (!member(json, "type").is_string()) return texts_member(memory_, property_types_type, json, "type");
    QUIRE_TRY(Value type, text_member(memory_, json, "type"));
    return list_of(property_types_type, {std::move(type)});
  }

  TemplateMemory& memory_;
};

std::string_view typescript_name(std::string_view json_type) {
  if (json_type == "string" || json_type == "boolean" || json_type == "null") return json_type;
  if (json_type == "number" || json_type == "integer") return "number";
  if (json_type == "array") return "any[]";
  return json_type == "object" ? "Record<string, any>" : "any";
}

// Properties inside properties are as deep as JSON may be.
Render::Status append_type(Render& render, std::string& out, const Value& property) {
  QUIRE_TRY_VOID(render.budget().step());
  QUIRE_TRY_VOID(render.budget().reserve_text(out.size()));
  const List& any_of = *property.record()->find("AnyOf")->list();
  const List& types = *property.record()->find("Type")->list();
  for (size_t i = 0; i < any_of.size(); ++i) {
    if (i > 0) out += " | ";
    QUIRE_TRY_VOID(append_type(render, out, any_of.items()[i]));
  }
  if (any_of.size() > 0) return {};
  for (size_t i = 0; i < types.size(); ++i) {
    QUIRE_TRY_VOID(render.budget().step());
    if (i > 0) out += " | ";
    out += typescript_name(types.items()[i].text()->bytes);
  }
  if (types.size() == 0) out += "any";
  return {};
}

}  // namespace

Result<Value> tools_of_json(TemplateMemory& memory, const Json& tools) {
  if (tools.is_null()) return nil_list(tools_type);
  if (!tools.is_array()) return bad_json("tools", "an array");
  ToolReader reader(memory);
  std::vector<Value> items;
  items.reserve(tools.size());
  for (const Json& tool : tools) {
    QUIRE_TRY(Value value, reader.tool(tool));
    items.push_back(std::move(value));
  }
  return list_of(tools_type, std::move(items));
}

bool is_property(const Value& value) { return value.record() && value.record()->type == &property_type; }

Result<MarkedText> typescript_type(Render& render, const Value& value) {
  std::string out;
  if (!is_property(value)) return plain_text("any");
  QUIRE_TRY_VOID(append_type(render, out, value));
  return plain_text(std::move(out));
}

}  // namespace quire::gotemplate
