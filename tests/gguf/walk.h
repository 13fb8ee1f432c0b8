// Touches everything that a parsed file offers, so that a sanitizer sees every byte that it claims.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "gguf/file.h"

namespace quire::gguf::test {

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
  std::vector<std::pair<const std::byte*, const std::byte*>> ranges;
  for (const TensorView& tensor : file.tensors()) {
    QUIRE_CHECK(file.find_tensor(tensor.name) == &tensor, "a tensor is found under its name");
    const auto size = static_cast<size_t>(tensor.row_count() * row_size_bytes(tensor.type, tensor.shape[0]));
    QUIRE_CHECK(tensor.bytes.size() == size && size > 0, "a tensor has the bytes of its shape");
    QUIRE_CHECK(tensor.bytes.data() >= bytes.data() && tensor.bytes.data() + size <= bytes.data() + bytes.size(),
                "a tensor lies in the file");
    for (size_t i = 0; i < size; i += 4096) sum += static_cast<uint64_t>(tensor.bytes[i]);
    sum += static_cast<uint64_t>(tensor.bytes.back());
    ranges.emplace_back(tensor.bytes.data(), tensor.bytes.data() + size);
  }
  std::ranges::sort(ranges);
  for (size_t i = 1; i < ranges.size(); ++i) {
    QUIRE_CHECK(ranges[i - 1].second <= ranges[i].first, "tensors do not overlap");
  }
  return sum;
}

}  // namespace quire::gguf::test
