// Where a request ends, and whom it is for: what of RFC 9112 decides about the bytes that follow it.
#pragma once

#include <string>
#include <string_view>

#include "server/http/http.h"

namespace quire::server {

// Why the end of this request, or its host, cannot be trusted (RFC 9112, 3.2 and 6); empty: nothing is wrong. The
// connection closes after such a request: whatever follows might be a part of it. `version` is 10 or 11.
std::string_view framing_fault(const Headers& headers, unsigned version);

// A target in absolute form, "http://HOST/PATH?QUERY", taken apart; `authority` is empty for any other form.
struct Target {
  std::string authority;
  std::string_view path_and_query;  // part of what was given; "/" where an absolute target has none
};
Target parse_target(std::string_view target);

}  // namespace quire::server
