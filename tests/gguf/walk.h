// Touches everything that a parsed file offers, so that a sanitizer sees every byte that it claims.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "gguf/file.h"

namespace quire::gguf::test {

inline uint64_t read_byte(const TensorView& tensor, uint64_t at) {
  std::byte byte{};
  QUIRE_CHECK(tensor.read(at, {&byte, 1}).has_value(), "a byte of a tensor can be read");
  return static_cast<uint64_t>(byte);
}

// A number that depends on all of the metadata and on some byte of each page of each tensor, its first and its last.
// Stops the program when an invariant of File does not hold.
inline uint64_t walk(const File& file, std::span<const std::byte> bytes) {
  uint64_t sum = file.version();
  for (const auto& [key, value] : file.metadata().entries()) {
    sum += key.size() + value_type_name(value).size();
    QUIRE_CHECK(file.metadata().find(key) == &value, "a key is found under its name");
    std::visit(
        [&](const auto& held) {
          if constexpr (requires { held.size(); }) {
            for (size_t i = 0; i < held.size(); ++i) {
              if constexpr (requires { held[i].size(); }) {
                for (const char c : held[i]) sum += static_cast<uint64_t>(c);
              } else {
                sum += held[i] != 0 ? 1 : 0;
              }
            }
          }
        },
        value);
  }
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (const TensorView& tensor : file.tensors()) {
    QUIRE_CHECK(file.find_tensor(tensor.name) == &tensor, "a tensor is found under its name");
    const uint64_t size = tensor.size_bytes();
    QUIRE_CHECK(size > 0, "a tensor has bytes");
    QUIRE_CHECK(tensor.offset <= bytes.size() && size <= bytes.size() - tensor.offset, "a tensor lies in the file");
    for (uint64_t i = 0; i < size; i += 4096) sum += read_byte(tensor, i);
    sum += read_byte(tensor, size - 1);
    ranges.emplace_back(tensor.offset, tensor.offset + size);
  }
  std::ranges::sort(ranges);
  for (size_t i = 1; i < ranges.size(); ++i) {
    QUIRE_CHECK(ranges[i - 1].second <= ranges[i].first, "tensors do not overlap");
  }
  return sum;
}

}  // namespace quire::gguf::test
