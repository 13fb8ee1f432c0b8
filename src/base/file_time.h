// When a file was changed, as wide as file systems have it: 64 bits of nanoseconds end in 2262.
#pragma once

#include <compare>
#include <cstdint>
#include <ctime>

namespace quire {

struct FileTime {
  int64_t unix_s = 0;
  int32_t ns = 0;  // after it: 0 to 999,999,999

  friend auto operator<=>(const FileTime&, const FileTime&) = default;
};

inline FileTime file_time(const timespec& time) { return {time.tv_sec, static_cast<int32_t>(time.tv_nsec)}; }

}  // namespace quire
