// GGUF metadata: keys and typed values.
// Source: the GGUF specification (ggml-org/ggml, docs/gguf.md).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace quire::gguf {

// One value. Arrays of numbers keep their element type; nested arrays are refused when read.
using Value =
    std::variant<uint8_t, int8_t, uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t, float, double, bool,
                 std::string, std::vector<uint8_t>, std::vector<int8_t>, std::vector<uint16_t>, std::vector<int16_t>,
                 std::vector<uint32_t>, std::vector<int32_t>, std::vector<uint64_t>, std::vector<int64_t>,
                 std::vector<float>, std::vector<double>, std::vector<bool>, std::vector<std::string>>;

// What a value is, for people: "uint32", "an array of 512 string".
std::string value_type_name(const Value& value);

// The keys of one file in file order. Immutable once read; any thread may read.
// Typed getters: an absent key is an error that names it (or the given fallback); a value of the wrong type or
// out of the asked range is always an error that says what was found.
class Metadata {
 public:
  const Value* find(std::string_view key) const;
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  std::span<const std::pair<std::string, Value>> entries() const { return entries_; }

  // Replaces or appends.
  void set(std::string key, Value value);
  void erase(std::string_view key);

  // Any integer type is accepted where its value fits.
  Result<int64_t> get_int(std::string_view key, int64_t min, int64_t max) const;
  Result<int64_t> get_int_or(std::string_view key, int64_t fallback, int64_t min, int64_t max) const;
  Result<double> get_float(std::string_view key) const;
  Result<double> get_float_or(std::string_view key, double fallback) const;
  Result<bool> get_bool_or(std::string_view key, bool fallback) const;
  Result<std::string> get_string(std::string_view key) const;
  Result<std::string> get_string_or(std::string_view key, std::string_view fallback) const;
  // A reference into this object.
  Result<std::reference_wrapper<const std::vector<std::string>>> get_strings(std::string_view key) const;
  Result<std::vector<float>> get_floats(std::string_view key) const;
  Result<std::vector<int64_t>> get_ints(std::string_view key) const;

 private:
  std::vector<std::pair<std::string, Value>> entries_;
  std::map<std::string, size_t, std::less<>> index_by_key_;
};

}  // namespace quire::gguf
