#include "server/http/framing.h"

#include <algorithm>

#include "base/ascii.h"

namespace quire::server {

std::string_view framing_fault(const Headers& headers, unsigned version) {
  int hosts = 0;
  int lengths = 0;
  int codings = 0;
  bool chunked = false;
  for (const auto& [name, value] : headers) {
    if (name == "host") ++hosts;
    if (name == "content-length") ++lengths;
    if (name != "transfer-encoding") continue;
    ++codings;
    chunked = equal_ignoring_case(value, "chunked");
  }
  if (hosts > 1) return "more than one Host header";
  if (hosts == 0 && version >= 11) return "no Host header";
  if (lengths > 1) return "more than one Content-Length header";
  if (codings == 0) return {};
  if (version < 11) return "a Transfer-Encoding header in HTTP/1.0";
  if (lengths > 0) return "a Content-Length header beside Transfer-Encoding";
  if (codings > 1 || !chunked) return "a transfer coding other than chunked";
  return {};
}

Target parse_target(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() < scheme.size() || !equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    const std::string_view rest = target.substr(scheme.size());
    const size_t end = std::min(rest.find_first_of("/?#"), rest.size());
    const std::string_view path = rest.substr(end);
    return {.authority = std::string(rest.substr(0, end)), .path_and_query = path.starts_with('/') ? path : "/"};
  }
  return {.authority = {}, .path_and_query = target};
}

}  // namespace quire::server
