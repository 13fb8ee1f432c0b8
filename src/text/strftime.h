// Dates in templates.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quire {

// The moment in UTC, formatted as C's strftime does in the "C" locale, with glibc's "-" flag for no padding.
// A conversion that is not known is left as it stands.
std::string format_utc(int64_t unix_s, std::string_view format);

}  // namespace quire
