#include "gguf/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace quire::gguf {
namespace {

// Large enough that a call costs little beside the bytes it brings, small enough that a list of many files does not
// read much of each.
constexpr uint64_t window_bytes = 128 << 10;

}  // namespace

Reader::Reader(const ByteSource& source) : source_(source), window_(std::min(source.size_bytes(), window_bytes)) {}

Result<void> Reader::check_remaining(uint64_t count, std::string_view what) const {
  if (count <= remaining()) return {};
  return fail(ErrorKind::invalid,
              fmt::format("the file ends at byte {} inside {}: {} bytes expected at byte {}, {} left",
                          source_.size_bytes(), what, count, offset_, remaining()));
}

Result<const std::byte*> Reader::take_small(size_t count, std::string_view what) {
  if (buffered() < count) {
    QUIRE_TRY_VOID(check_remaining(count, what));
    std::memmove(window_.data(), window_.data() + window_at_, buffered());
    window_end_ = buffered();
    window_at_ = 0;
    const auto more = static_cast<size_t>(std::min<uint64_t>(window_.size() - window_end_, remaining() - window_end_));
    QUIRE_TRY_VOID(source_.read(offset_ + window_end_, std::span(window_).subspan(window_end_, more)));
    window_end_ += more;
  }
  const std::byte* const bytes = window_.data() + window_at_;
  window_at_ += count;
  offset_ += count;
  return bytes;
}

Result<void> Reader::fill(std::span<std::byte> to, std::string_view what) {
  QUIRE_TRY_VOID(check_remaining(to.size(), what));
  const size_t held = std::min(buffered(), to.size());
  if (held > 0) std::memcpy(to.data(), window_.data() + window_at_, held);
  const auto rest = to.subspan(held);
  if (rest.size() < window_.size()) {
    window_at_ += held;
    offset_ += held;
    QUIRE_TRY(const std::byte* const bytes, take_small(rest.size(), what));
    if (!rest.empty()) std::memcpy(rest.data(), bytes, rest.size());
    return {};
  }
  QUIRE_TRY_VOID(source_.read(offset_ + held, rest));
  window_at_ = window_end_ = 0;
  offset_ += to.size();
  return {};
}

Result<std::string> Reader::string(uint64_t length_max, std::string_view what) {
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
  std::string text(length, '\0');
  QUIRE_TRY_VOID(fill(std::as_writable_bytes(std::span(text)), what));
  return text;
}

}  // namespace quire::gguf
