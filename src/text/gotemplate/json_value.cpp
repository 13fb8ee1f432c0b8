#include "text/gotemplate/json_value.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace quire::gotemplate {

namespace {

// About what a value takes, its share of the list or map around it included.
constexpr size_t value_bytes = 2 * sizeof(Value);

Result<std::monostate> check_room(const TemplateMemory& memory, int depth) {
  if (depth > json_depth_max) {
    return fail(ErrorKind::too_large, fmt::format("JSON for a template is nested deeper than {}", json_depth_max));
  }
  if (!memory.has_room(0)) {
    return fail(ErrorKind::too_large, fmt::format("JSON for a template takes more than {} bytes", memory.bytes_max()));
  }
  return {};
}

Value user_string(TemplateMemory& memory, const std::string& bytes) { return Value(memory.text(user_text(bytes))); }

}  // namespace

Result<Value> value_of_json(TemplateMemory& memory, const Json& json, int depth) {
  QUIRE_TRY_VOID(check_room(memory, depth));
  memory.charge(value_bytes);
  switch (json.type()) {
    case Json::value_t::boolean:
      return Value(json.get<bool>());
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return Value(json.get<double>());
    case Json::value_t::string:
      return user_string(memory, json.get_ref<const std::string&>());
    case Json::value_t::array: {
      std::vector<Value> items;
      items.reserve(json.size());
      for (const Json& item : json) {
        QUIRE_TRY(Value value, value_of_json(memory, item, depth + 1));
        items.push_back(std::move(value));
      }
      return list_of(any_list, std::move(items));
    }
    case Json::value_t::object: {
      std::vector<std::pair<Str, Value>> items;
      items.reserve(json.size());
      for (const auto& item : json.items()) {
        QUIRE_TRY(Value value, value_of_json(memory, item.value(), depth + 1));
        items.emplace_back(memory.text(user_text(item.key())), std::move(value));
      }
      return map_of(any_map, std::move(items));
    }
    default:
      return Value(Null{});
  }
}

std::unexpected<Error> bad_json(std::string_view name, std::string_view wanted) {
  return fail(ErrorKind::invalid, fmt::format("{} must be {}", name, wanted));
}

Result<std::monostate> check_object(const TemplateMemory& memory, const Json& json, std::string_view name, int depth) {
  QUIRE_TRY_VOID(check_room(memory, depth));
  if (!json.is_object() && !json.is_null()) return bad_json(name, "an object");
  return {};
}

const Json& member(const Json& object, std::string_view name) {
  static const Json null;
  if (!object.is_object()) return null;
  const auto found = object.find(name);
  return found == object.end() ? null : *found;
}

Result<Value> text_member(TemplateMemory& memory, const Json& object, std::string_view name) {
  const Json& json = member(object, name);
  if (json.is_null()) return plain("");
  if (!json.is_string()) return bad_json(name, "a string");
  return user_string(memory, json.get_ref<const std::string&>());
}

Result<Value> any_member(TemplateMemory& memory, const Json& object, std::string_view name, int depth) {
  return value_of_json(memory, member(object, name), depth);
}

Result<Value> list_member(const ListType& type, const Json& object, std::string_view name,
                          const std::function<Result<Value>(const Json&)>& convert) {
  const Json& json = member(object, name);
  if (json.is_null()) return nil_list(type);
  if (!json.is_array()) return bad_json(name, "an array");
  std::vector<Value> items;
  items.reserve(json.size());
  for (const Json& item : json) {
    QUIRE_TRY(Value value, convert(item));
    items.push_back(std::move(value));
  }
  return list_of(type, std::move(items));
}

Result<Value> texts_member(TemplateMemory& memory, const ListType& type, const Json& object, std::string_view name) {
  return list_member(type, object, name, [&](const Json& item) -> Result<Value> {
    if (!item.is_string()) return bad_json(name, "an array of strings");
    return user_string(memory, item.get_ref<const std::string&>());
  });
}

}  // namespace quire::gotemplate
