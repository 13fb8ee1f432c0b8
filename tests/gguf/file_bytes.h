// Builds GGUF files byte by byte, right or deliberately wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "gguf/format.h"

namespace quire::gguf::test {

class FileBytes {
 public:
  FileBytes& header(uint64_t tensor_count, uint64_t key_count, uint32_t version = 3) {
    return number(file_magic).number(version).number(tensor_count).number(key_count);
  }
  FileBytes& string(std::string_view text) {
    number(static_cast<uint64_t>(text.size()));
    const auto bytes = std::as_bytes(std::span(text));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  FileBytes& key(std::string_view name, ValueType type) { return string(name).number(static_cast<uint32_t>(type)); }
  FileBytes& array(std::string_view name, ValueType element, uint64_t count) {
    return key(name, ValueType::array).number(static_cast<uint32_t>(element)).number(count);
  }
  FileBytes& tensor(std::string_view name, std::vector<uint64_t> dims, uint32_t type, uint64_t offset) {
    string(name).number(static_cast<uint32_t>(dims.size()));
    for (const uint64_t dim : dims) number(dim);
    return number(type).number(offset);
  }
  FileBytes& pad(uint64_t alignment) {
    while (bytes_.size() % alignment != 0) bytes_.push_back(std::byte{0});
    return *this;
  }
  FileBytes& fill(size_t count, uint8_t value = 0) {
    bytes_.insert(bytes_.end(), count, std::byte{value});
    return *this;
  }
  template <typename T>
  FileBytes& number(T value) {
    std::byte raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    bytes_.insert(bytes_.end(), raw, raw + sizeof(T));
    return *this;
  }
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace quire::gguf::test
