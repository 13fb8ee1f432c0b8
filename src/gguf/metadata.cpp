#include "gguf/metadata.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <type_traits>

#include "gguf/printable.h"

namespace quire::gguf {
namespace {

template <typename T>
concept Integer = std::is_integral_v<T> && !std::is_same_v<T, bool>;

template <typename T>
constexpr std::string_view scalar_name() {
  if constexpr (std::is_same_v<T, uint8_t>) return "uint8";
  if constexpr (std::is_same_v<T, int8_t>) return "int8";
  if constexpr (std::is_same_v<T, uint16_t>) return "uint16";
  if constexpr (std::is_same_v<T, int16_t>) return "int16";
  if constexpr (std::is_same_v<T, uint32_t>) return "uint32";
  if constexpr (std::is_same_v<T, int32_t>) return "int32";
  if constexpr (std::is_same_v<T, uint64_t>) return "uint64";
  if constexpr (std::is_same_v<T, int64_t>) return "int64";
  if constexpr (std::is_same_v<T, float>) return "float32";
  if constexpr (std::is_same_v<T, double>) return "float64";
  if constexpr (std::is_same_v<T, bool>) return "bool";
  if constexpr (std::is_same_v<T, std::string>) return "string";
  return "";
}

struct Describe {
  template <typename T>
  std::string operator()(const T&) const {
    return std::string(scalar_name<T>());
  }
  template <typename T>
  std::string operator()(const std::vector<T>& values) const {
    return fmt::format("an array of {} {}", values.size(), scalar_name<T>());
  }
};

std::unexpected<Error> missing(std::string_view key, std::string_view expected) {
  return fail(ErrorKind::invalid, fmt::format("metadata key {} is missing; expected {}", printable(key), expected));
}

std::unexpected<Error> wrong_type(std::string_view key, const Value& found, std::string_view expected) {
  return fail(ErrorKind::invalid,
              fmt::format("metadata key {} holds {}; expected {}", printable(key), value_type_name(found), expected));
}

// An integer of whatever width, as far as 64 bits with a sign can say it.
struct WideInteger {
  std::optional<int64_t> value;  // nothing: above the largest int64
};

template <Integer T>
WideInteger widen(T value) {
  if constexpr (std::is_same_v<T, uint64_t>) {
    if (value > static_cast<uint64_t>(INT64_MAX)) return {std::nullopt};
  }
  return {static_cast<int64_t>(value)};
}

}  // namespace

std::string value_type_name(const Value& value) { return std::visit(Describe{}, value); }

const Value* Metadata::find(std::string_view key) const {
  const auto found = index_by_key_.find(key);
  return found == index_by_key_.end() ? nullptr : &entries_[found->second].second;
}

void Metadata::set(std::string key, Value value) {
  const auto [place, is_new] = index_by_key_.try_emplace(key, entries_.size());
  if (is_new) {
    entries_.emplace_back(std::move(key), std::move(value));
  } else {
    entries_[place->second].second = std::move(value);
  }
}

void Metadata::erase(std::string_view key) {
  const auto found = index_by_key_.find(key);
  if (found == index_by_key_.end()) return;
  const size_t erased = found->second;
  index_by_key_.erase(found);
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(erased));
  for (auto& [name, index] : index_by_key_) {
    if (index > erased) --index;
  }
}

Result<int64_t> Metadata::get_int(std::string_view key, int64_t min, int64_t max) const {
  const Value* value = find(key);
  if (!value) return missing(key, fmt::format("an integer from {} to {}", min, max));
  return std::visit(
      [&](const auto& held) -> Result<int64_t> {
        using T = std::remove_cvref_t<decltype(held)>;
        if constexpr (Integer<T>) {
          const WideInteger wide = widen(held);
          if (wide.value && *wide.value >= min && *wide.value <= max) return *wide.value;
          return fail(ErrorKind::invalid, fmt::format("metadata key {} is {}; expected an integer from {} to {}",
                                                      printable(key), held, min, max));
        } else {
          return wrong_type(key, *value, "an integer");
        }
      },
      *value);
}

Result<int64_t> Metadata::get_int_or(std::string_view key, int64_t fallback, int64_t min, int64_t max) const {
  if (!contains(key)) return fallback;
  return get_int(key, min, max);
}

Result<double> Metadata::get_float(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return missing(key, "a number");
  double number = 0;
  if (const auto* single = std::get_if<float>(value)) {
    number = static_cast<double>(*single);
  } else if (const auto* wide = std::get_if<double>(value)) {
    number = *wide;
  } else {
    return wrong_type(key, *value, "float32 or float64");
  }
  if (!std::isfinite(number)) {
    return fail(ErrorKind::invalid,
                fmt::format("metadata key {} is {}; expected a finite number", printable(key), number));
  }
  return number;
}

Result<double> Metadata::get_float_or(std::string_view key, double fallback) const {
  if (!contains(key)) return fallback;
  return get_float(key);
}

Result<bool> Metadata::get_bool_or(std::string_view key, bool fallback) const {
  const Value* value = find(key);
  if (!value) return fallback;
  if (const auto* held = std::get_if<bool>(value)) return *held;
  return wrong_type(key, *value, "bool");
}

Result<std::string> Metadata::get_string(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return missing(key, "a string");
  if (const auto* held = std::get_if<std::string>(value)) return *held;
  return wrong_type(key, *value, "a string");
}

Result<std::string> Metadata::get_string_or(std::string_view key, std::string_view fallback) const {
  if (!contains(key)) return std::string(fallback);
  return get_string(key);
}

Result<std::reference_wrapper<const std::vector<std::string>>> Metadata::get_strings(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return missing(key, "an array of strings");
  if (const auto* held = std::get_if<std::vector<std::string>>(value)) return std::cref(*held);
  return wrong_type(key, *value, "an array of strings");
}

Result<std::vector<float>> Metadata::get_floats(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return missing(key, "an array of float32");
  if (const auto* held = std::get_if<std::vector<float>>(value)) return *held;
  if (const auto* wide = std::get_if<std::vector<double>>(value)) {
    std::vector<float> narrowed;
    narrowed.reserve(wide->size());
    for (const double number : *wide) narrowed.push_back(static_cast<float>(number));
    return narrowed;
  }
  return wrong_type(key, *value, "an array of float32 or float64");
}

Result<std::vector<int64_t>> Metadata::get_ints(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return missing(key, "an array of integers");
  return std::visit(
      [&](const auto& held) -> Result<std::vector<int64_t>> {
        if constexpr (requires { typename std::remove_cvref_t<decltype(held)>::value_type; }) {
          if constexpr (Integer<typename std::remove_cvref_t<decltype(held)>::value_type> &&
                        !std::is_same_v<std::remove_cvref_t<decltype(held)>, std::string>) {
            std::vector<int64_t> numbers;
            numbers.reserve(held.size());
            for (size_t i = 0; i < held.size(); ++i) {
              const WideInteger wide = widen(held[i]);
              if (!wide.value) {
                return fail(ErrorKind::invalid, fmt::format("metadata key {} holds {} at index {}; expected at most {}",
                                                            printable(key), held[i], i, INT64_MAX));
              }
              numbers.push_back(*wide.value);
            }
            return numbers;
          }
        }
        return wrong_type(key, *value, "an array of integers");
      },
      *value);
}

}  // namespace quire::gguf
