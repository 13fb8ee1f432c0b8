// How the lines of the log are written.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace quire::server {

enum class LogFormat : uint8_t {
  text,  // a line begins with the time; an event's fields follow as name=value
  json,  // a line is one object: time, level, then either message or event and its fields
};

// "text" or "json".
Result<LogFormat> parse_log_format(std::string_view text);

}  // namespace quire::server
