// Reading the fields of one JSON object by name, with errors that name the field.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/error.h"

namespace quire::api {

// A view of one object; null and absent are the same. One thread. The object must outlive it.
//
// It remembers which fields were looked at: what nobody has asked for when all is read is what nobody knows, so that a
// field cannot be ignored by being forgotten.
class Fields {
 public:
  // `prefix` is put before names in messages, e.g. "messages[2]."; `text` is what the object was parsed from, which has
  // to outlive it too (empty: nobody asks for anything as it was written).
  explicit Fields(const nlohmann::json& object, std::string prefix = {}, std::string_view text = {})
      : object_(object), prefix_(std::move(prefix)), text_(text) {}

  // Null when absent or null.
  const nlohmann::json* find(std::string_view name) const;

  ApiResult<std::optional<std::string>> text(std::string_view name) const;
  ApiResult<std::string> text_or(std::string_view name, std::string_view fallback) const;
  // 400 where it is absent; it may be empty.
  ApiResult<std::string> required_text(std::string_view name) const;
  ApiResult<std::optional<bool>> boolean(std::string_view name) const;
  ApiResult<bool> boolean_or(std::string_view name, bool fallback) const;
  // A number without a fraction in [min, max].
  ApiResult<std::optional<int64_t>> integer(std::string_view name, int64_t min, int64_t max) const;
  ApiResult<std::optional<double>> number(std::string_view name, double min, double max) const;
  // The field's JSON as the client wrote it, members in their order. REQUIRES: it is there.
  std::string as_written(std::string_view name) const;
  // The piece of the text that it is in; empty: not known.
  std::string_view text_of(std::string_view name) const;
  // The object at `name`, with its path and its text; none when it is absent.
  ApiResult<std::optional<Fields>> object(std::string_view name) const;
  // The same; 400 where it is absent.
  ApiResult<Fields> required_object(std::string_view name) const;
  // The objects of an array, each with its path and its text; none when it is absent. `wanted` is what messages call
  // it.
  ApiResult<std::vector<Fields>> objects(std::string_view name, std::string_view wanted = "an array") const;
  // A string or an array of strings; empty strings are left out.
  ApiResult<std::vector<std::string>> texts(std::string_view name, size_t count_max) const;
  // 400 naming the first of these fields that asks for something: what is not served is never ignored.
  // null, "", [] and false ask for nothing.
  ApiResult<void> refuse_set(std::initializer_list<std::string_view> names) const;
  // 400 naming the field unless it has one of the values that ask for nothing.
  ApiResult<void> refuse_unless(std::string_view name, std::initializer_list<nlohmann::json> harmless) const;
  // These fields are known, and whatever they say changes nothing here.
  void pass_over(std::initializer_list<std::string_view> names) const;

  // Adds the paths of the fields that ask for something and that nobody has looked at.
  void collect_unread(std::vector<std::string>& paths) const;
  // 400 naming the first of them.
  ApiResult<void> refuse_unread() const;

  std::string path(std::string_view name) const { return prefix_ + std::string(name); }
  // 400: the field must be WANTED, got this word.
  std::unexpected<ApiError> wrong_word(std::string_view name, std::string_view wanted, std::string_view got) const;
  // 400: it has to be there.
  std::unexpected<ApiError> missing(std::string_view name) const;

 private:
  std::unexpected<ApiError> wrong_type(std::string_view name, std::string_view wanted, const nlohmann::json& got) const;

  const nlohmann::json& object_;
  const std::string prefix_;
  const std::string_view text_;
  mutable std::vector<std::string_view> read_;  // names in object_, in the order in which they were looked at
};

// The whole number in `value`, if it is one: an integer, or a float without a fraction (as JavaScript may write it).
std::optional<int64_t> whole_number(const nlohmann::json& value);

std::unexpected<ApiError> refuse_unsupported(std::string field);
// 400: "FIELD" must be WANTED, got what it is.
std::unexpected<ApiError> refuse_type(const std::string& field, std::string_view wanted, const nlohmann::json& got);

}  // namespace quire::api
