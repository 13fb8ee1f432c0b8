#include "gguf/read_value.h"

#include <fmt/format.h>

#include <span>
#include <utility>

#include "gguf/format.h"
#include "gguf/printable.h"

namespace quire::gguf {
namespace {

// What is being read, for messages.
std::string value_of(std::string_view key) { return fmt::format("the value of metadata key {}", printable(key)); }

std::unexpected<Error> unknown_type(std::string_view key, uint32_t type) {
  return fail(ErrorKind::invalid,
              fmt::format("metadata key {} has value type {}; expected 0 to 12", printable(key), type));
}

Result<bool> to_bool(std::byte byte, std::string_view key) {
  if (byte == std::byte{0}) return false;
  if (byte == std::byte{1}) return true;
  return fail(ErrorKind::invalid, fmt::format("metadata key {} holds the bool {}; expected 0 or 1", printable(key),
                                              static_cast<unsigned>(byte)));
}

template <typename T>
Result<Value> read_scalar(Reader& reader, std::string_view key) {
  QUIRE_TRY(const T value, reader.number<T>(value_of(key)));
  return Value(value);
}

Result<Value> read_bool(Reader& reader, std::string_view key) {
  QUIRE_TRY(const std::byte byte, reader.number<std::byte>(value_of(key)));
  QUIRE_TRY(const bool value, to_bool(byte, key));
  return Value(value);
}

Result<Value> read_string(Reader& reader, std::string_view key) {
  QUIRE_TRY(std::string text, reader.string(UINT64_MAX, value_of(key)));
  return Value(std::move(text));
}

std::unexpected<Error> implausible(std::string_view key, uint64_t count, std::string_view element, uint64_t left) {
  return fail(ErrorKind::invalid, fmt::format("metadata key {} claims an array of {} {}; {} bytes are left in the file",
                                              printable(key), count, element, left));
}

template <typename T>
Result<Value> read_numbers(Reader& reader, std::string_view key, uint64_t count) {
  if (count > reader.remaining() / sizeof(T)) return implausible(key, count, "numbers", reader.remaining());
  std::vector<T> values(count);
  QUIRE_TRY_VOID(reader.fill(std::as_writable_bytes(std::span(values)), value_of(key)));
  return Value(std::move(values));
}

Result<Value> read_bools(Reader& reader, std::string_view key, uint64_t count) {
  if (count > reader.remaining()) return implausible(key, count, "bools", reader.remaining());
  std::vector<std::byte> bytes(count);
  QUIRE_TRY_VOID(reader.fill(bytes, value_of(key)));
  std::vector<bool> values(count);
  for (uint64_t i = 0; i < count; ++i) {
    QUIRE_TRY(values[i], to_bool(bytes[i], key));
  }
  return Value(std::move(values));
}

Result<Value> read_strings(Reader& reader, std::string_view key, uint64_t count) {
  if (count > reader.remaining() / string_bytes_min) return implausible(key, count, "strings", reader.remaining());
  const std::string what = value_of(key);
  std::vector<std::string> values;
  values.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    QUIRE_TRY(std::string text, reader.string(UINT64_MAX, what));
    values.push_back(std::move(text));
  }
  return Value(std::move(values));
}

Result<Value> read_array(Reader& reader, std::string_view key) {
  QUIRE_TRY(const uint32_t type, reader.number<uint32_t>(value_of(key)));
  QUIRE_TRY(const uint64_t count, reader.number<uint64_t>(value_of(key)));
  switch (static_cast<ValueType>(type)) {
    case ValueType::uint8:
      return read_numbers<uint8_t>(reader, key, count);
    case ValueType::int8:
      return read_numbers<int8_t>(reader, key, count);
    case ValueType::uint16:
      return read_numbers<uint16_t>(reader, key, count);
    case ValueType::int16:
      return read_numbers<int16_t>(reader, key, count);
    case ValueType::uint32:
      return read_numbers<uint32_t>(reader, key, count);
    case ValueType::int32:
      return read_numbers<int32_t>(reader, key, count);
    case ValueType::float32:
      return read_numbers<float>(reader, key, count);
    case ValueType::boolean:
      return read_bools(reader, key, count);
    case ValueType::string:
      return read_strings(reader, key, count);
    case ValueType::uint64:
      return read_numbers<uint64_t>(reader, key, count);
    case ValueType::int64:
      return read_numbers<int64_t>(reader, key, count);
    case ValueType::float64:
      return read_numbers<double>(reader, key, count);
    case ValueType::array:
      return fail(
          ErrorKind::unsupported,
          fmt::format("metadata key {} holds an array of arrays; expected an array of numbers, bools or strings",
                      printable(key)));
  }
  return unknown_type(key, type);
}

}  // namespace

Result<Value> read_value(Reader& reader, std::string_view key) {
  QUIRE_TRY(const uint32_t type, reader.number<uint32_t>(fmt::format("the type of metadata key {}", printable(key))));
  switch (static_cast<ValueType>(type)) {
    case ValueType::uint8:
      return read_scalar<uint8_t>(reader, key);
    case ValueType::int8:
      return read_scalar<int8_t>(reader, key);
    case ValueType::uint16:
      return read_scalar<uint16_t>(reader, key);
    case ValueType::int16:
      return read_scalar<int16_t>(reader, key);
    case ValueType::uint32:
      return read_scalar<uint32_t>(reader, key);
    case ValueType::int32:
      return read_scalar<int32_t>(reader, key);
    case ValueType::float32:
      return read_scalar<float>(reader, key);
    case ValueType::boolean:
      return read_bool(reader, key);
    case ValueType::string:
      return read_string(reader, key);
    case ValueType::array:
      return read_array(reader, key);
    case ValueType::uint64:
      return read_scalar<uint64_t>(reader, key);
    case ValueType::int64:
      return read_scalar<int64_t>(reader, key);
    case ValueType::float64:
      return read_scalar<double>(reader, key);
  }
  return unknown_type(key, type);
}

}  // namespace quire::gguf
