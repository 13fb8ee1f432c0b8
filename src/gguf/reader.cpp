#include "gguf/reader.h"

#include <fmt/format.h>

namespace quire::gguf {

Result<std::span<const std::byte>> Reader::take(uint64_t count, std::string_view what) {
  if (count > remaining()) {
    return fail(ErrorKind::invalid,
                fmt::format("the file ends at byte {} inside {}: {} bytes expected at byte {}, {} left", bytes_.size(),
                            what, count, offset_, remaining()));
  }
  const auto taken = bytes_.subspan(offset_, count);
  offset_ += count;
  return taken;
}

Result<std::string_view> Reader::string(uint64_t length_max, std::string_view what) {
  const uint64_t start = offset_;
  QUIRE_TRY(const uint64_t length, number<uint64_t>(what));
  if (length > remaining()) {
    return fail(ErrorKind::invalid,
                fmt::format("{} at byte {} claims a length of {} bytes; {} bytes are left in the file", what, start,
                            length, remaining()));
  }
  if (length > length_max) {
    return fail(ErrorKind::invalid,
                fmt::format("{} at byte {} is {} bytes long; at most {} are allowed", what, start, length, length_max));
  }
  QUIRE_TRY(const std::span<const std::byte> bytes, take(length, what));
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace quire::gguf
