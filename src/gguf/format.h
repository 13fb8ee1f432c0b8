// Facts of the GGUF file format that the reader and the writer share.
// Source: the GGUF specification (ggml-org/ggml, docs/gguf.md).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace quire::gguf {

inline constexpr uint32_t file_magic = 0x46554747;  // "GGUF" read as a little-endian number
inline constexpr uint32_t version_min = 2;
inline constexpr uint32_t version_max = 3;
inline constexpr std::string_view alignment_key = "general.alignment";
inline constexpr uint64_t alignment_default = 32;
inline constexpr uint64_t alignment_min = 8;
inline constexpr uint64_t alignment_max = uint64_t{1} << 20;  // far above any page size in use
inline constexpr uint64_t key_bytes_max = 65535;
inline constexpr uint64_t tensor_name_bytes_max = 64;
inline constexpr uint32_t dimensions_max = 4;

enum class ValueType : uint32_t {
  uint8 = 0,
  int8 = 1,
  uint16 = 2,
  int16 = 3,
  uint32 = 4,
  int32 = 5,
  float32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  uint64 = 10,
  int64 = 11,
  float64 = 12,
};

// The fewest bytes that an entry can take: what a count must be plausible against before anything is reserved.
inline constexpr uint64_t key_value_bytes_min = 8 + 1 + 4 + 1;            // key length, key, type, value
inline constexpr uint64_t tensor_info_bytes_min = 8 + 1 + 4 + 8 + 4 + 8;  // name length, name, dims, dim, type, offset
inline constexpr uint64_t string_bytes_min = 8;                           // its length

}  // namespace quire::gguf
