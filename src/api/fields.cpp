#include "api/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "api/as_written.h"
#include "api/json_text.h"

namespace quire::api {
namespace {

bool asks_nothing(const nlohmann::json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty()) ||
         (value.is_array() && value.empty()) || (value.is_boolean() && !value.get<bool>());
}

}  // namespace

std::optional<int64_t> whole_number(const nlohmann::json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
    return static_cast<int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    // Beyond 2^53 a double's neighbours are not consecutive: such a value names no integer.
    if (std::floor(number) == number && std::fabs(number) <= 9007199254740992.0) return static_cast<int64_t>(number);
  }
  return std::nullopt;
}

std::unexpected<ApiError> refuse_unsupported(std::string field) {
  std::string message = fmt::format("\"{}\" is not supported", field);
  return refuse(400, std::move(message), std::move(field));
}

std::unexpected<ApiError> refuse_type(const std::string& field, std::string_view wanted, const nlohmann::json& got) {
  return refuse(400, fmt::format("\"{}\" must be {}, got {}", field, wanted, type_phrase(got)), field);
}

const nlohmann::json* Fields::find(std::string_view name) const {
  const auto it = object_.find(name);
  if (it == object_.end()) return nullptr;
  read_.push_back(it.key());
  return it->is_null() ? nullptr : &*it;
}

std::unexpected<ApiError> Fields::wrong_type(std::string_view name, std::string_view wanted,
                                             const nlohmann::json& got) const {
  return refuse_type(path(name), wanted, got);
}

std::unexpected<ApiError> Fields::wrong_word(std::string_view name, std::string_view wanted,
                                             std::string_view got) const {
  return refuse(400, fmt::format("\"{}\" must be {}, got \"{}\"", path(name), wanted, got), path(name));
}

std::unexpected<ApiError> Fields::missing(std::string_view name) const {
  return refuse(400, fmt::format("\"{}\" is required", path(name)), path(name));
}

std::string Fields::as_written(std::string_view name) const {
  return api::as_written(object_.at(std::string(name)), text_of(name));
}

std::string_view Fields::text_of(std::string_view name) const { return member_text(text_, name); }

ApiResult<std::optional<std::string>> Fields::text(std::string_view name) const {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) return wrong_type(name, "a string", *value);
  return value->get<std::string>();
}

ApiResult<std::string> Fields::text_or(std::string_view name, std::string_view fallback) const {
  QUIRE_TRY(std::optional<std::string> value, text(name));
  return value ? std::move(*value) : std::string(fallback);
}

ApiResult<std::string> Fields::required_text(std::string_view name) const {
  QUIRE_TRY(std::optional<std::string> value, text(name));
  if (!value) return missing(name);
  return std::move(*value);
}

ApiResult<std::optional<bool>> Fields::boolean(std::string_view name) const {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) return wrong_type(name, "a boolean", *value);
  return value->get<bool>();
}

ApiResult<bool> Fields::boolean_or(std::string_view name, bool fallback) const {
  QUIRE_TRY(const std::optional<bool> value, boolean(name));
  return value.value_or(fallback);
}

ApiResult<std::optional<int64_t>> Fields::integer(std::string_view name, int64_t min, int64_t max) const {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) return wrong_type(name, "an integer", *value);
  const std::optional<int64_t> number = whole_number(*value);
  if (!number || *number < min || *number > max) {
    return refuse(400,
                  fmt::format("\"{}\" must be an integer from {} to {}, got {}", path(name), min, max, value->dump()),
                  path(name));
  }
  return *number;
}

ApiResult<std::optional<double>> Fields::number(std::string_view name, double min, double max) const {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) return wrong_type(name, "a number", *value);
  const auto number = value->get<double>();
  if (!(number >= min && number <= max)) {
    return refuse(400, fmt::format("\"{}\" must be from {} to {}, got {}", path(name), min, max, value->dump()),
                  path(name));
  }
  return number;
}

ApiResult<std::optional<Fields>> Fields::object(std::string_view name) const {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) return wrong_type(name, "an object", *value);
  return std::optional<Fields>(std::in_place, *value, path(name) + ".", text_of(name));
}

ApiResult<Fields> Fields::required_object(std::string_view name) const {
  QUIRE_TRY(std::optional<Fields> value, object(name));
  if (!value) return missing(name);
  return std::move(*value);
}

ApiResult<std::vector<Fields>> Fields::objects(std::string_view name, std::string_view wanted) const {
  std::vector<Fields> result;
  const nlohmann::json* value = find(name);
  if (value == nullptr) return result;
  if (!value->is_array()) return wrong_type(name, wanted, *value);
  const std::vector<std::string_view> texts = element_texts(text_of(name));
  const bool known = texts.size() == value->size();
  result.reserve(value->size());
  for (size_t i = 0; i < value->size(); ++i) {
    const std::string element = fmt::format("{}[{}]", name, i);
    if (!(*value)[i].is_object()) return wrong_type(element, "an object", (*value)[i]);
    result.emplace_back((*value)[i], path(element) + ".", known ? texts[i] : std::string_view());
  }
  return result;
}

ApiResult<std::vector<std::string>> Fields::texts(std::string_view name, size_t count_max) const {
  std::vector<std::string> result;
  const nlohmann::json* value = find(name);
  if (value == nullptr) return result;
  if (value->is_string()) {
    if (!value->get_ref<const std::string&>().empty()) result.push_back(value->get<std::string>());
    return result;
  }
  if (!value->is_array()) return wrong_type(name, "a string or an array of strings", *value);
  if (value->size() > count_max) {
    return refuse(400,
                  fmt::format("\"{}\" holds {} strings, at most {} are allowed", path(name), value->size(), count_max),
                  path(name));
  }
  for (const nlohmann::json& item : *value) {
    if (!item.is_string()) return wrong_type(name, "a string or an array of strings", item);
    if (!item.get_ref<const std::string&>().empty()) result.push_back(item.get<std::string>());
  }
  return result;
}

ApiResult<void> Fields::refuse_set(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) {
    const nlohmann::json* value = find(name);
    if (value != nullptr && !asks_nothing(*value)) return refuse_unsupported(path(name));
  }
  return {};
}

ApiResult<void> Fields::refuse_unless(std::string_view name, std::initializer_list<nlohmann::json> harmless) const {
  const nlohmann::json* value = find(name);
  if (value == nullptr || std::ranges::find(harmless, *value) != harmless.end()) return {};
  return refuse_unsupported(path(name));
}

void Fields::pass_over(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) (void)find(name);
}

void Fields::collect_unread(std::vector<std::string>& paths) const {
  std::ranges::sort(read_);
  for (const auto& [name, value] : object_.items()) {
    if (!asks_nothing(value) && !std::ranges::binary_search(read_, name)) paths.push_back(path(name));
  }
}

ApiResult<void> Fields::refuse_unread() const {
  std::vector<std::string> unread;
  collect_unread(unread);
  if (!unread.empty()) return refuse_unsupported(std::move(unread.front()));
  return {};
}

}  // namespace quire::api
