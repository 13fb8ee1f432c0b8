#include "text/jinja/json_value.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace quire::jinja {

namespace {

// Tools and messages of real clients are about 10 deep.
constexpr int depth_max = 64;

Result<Value> convert(Heap& heap, const nlohmann::ordered_json& json, int depth) {
  if (depth > depth_max) {
    return fail(ErrorKind::too_large, fmt::format("JSON for a chat template is nested deeper than {}", depth_max));
  }
  if (!heap.has_room(0)) {
    return fail(ErrorKind::too_large,
                fmt::format("JSON for a chat template takes more than {} bytes", heap.bytes_max()));
  }
  switch (json.type()) {
    case nlohmann::ordered_json::value_t::boolean:
      return Value(json.get<bool>());
    case nlohmann::ordered_json::value_t::number_integer:
      return Value(static_cast<Int>(json.get<int64_t>()));
    case nlohmann::ordered_json::value_t::number_unsigned:
      return Value(static_cast<Int>(json.get<uint64_t>()));
    case nlohmann::ordered_json::value_t::number_float:
      return Value(json.get<double>());
    case nlohmann::ordered_json::value_t::string:
      return heap.text(user_text(json.get_ref<const std::string&>()));
    case nlohmann::ordered_json::value_t::array: {
      std::vector<Value> items;
      items.reserve(json.size());
      for (const auto& item : json) {
        QUIRE_TRY(Value value, convert(heap, item, depth + 1));
        items.push_back(std::move(value));
      }
      return heap.list(std::move(items));
    }
    case nlohmann::ordered_json::value_t::object: {
      Dict* dict = heap.dict();
      dict->items.reserve(json.size());
      heap.charge(2 * Heap::value_bytes * json.size());
      for (const auto& item : json.items()) {
        QUIRE_TRY(Value value, convert(heap, item.value(), depth + 1));
        dict->items.emplace_back(heap.text(user_text(item.key())), std::move(value));
      }
      return Value(dict);
    }
    default:
      return Value(None{});
  }
}

}  // namespace

Result<Value> value_of_json(Heap& heap, const nlohmann::ordered_json& json) { return convert(heap, json, 0); }

}  // namespace quire::jinja
