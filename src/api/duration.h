// Durations and moments as they are written on the wire.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/file_time.h"
#include "base/result.h"

namespace quire::api {

// "300ms", "1h30m", "-1.5h": Go's notation (units ns us ms s m h), or a plain number of seconds. In nanoseconds, cut
// to what 64 bits hold.
Result<int64_t> parse_duration_ns(std::string_view text);

// RFC 3339 in UTC with nine digits after the second: 2026-01-02T03:04:05.000000006Z.
std::string rfc3339_ns(int64_t unix_ns);
// The same of a file's time, from year 1 to 9999, at the ends of which others are shown.
std::string rfc3339(FileTime time);

}  // namespace quire::api
