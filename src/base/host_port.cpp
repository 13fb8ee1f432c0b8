#include "base/host_port.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace quire {

Result<HostPort> parse_host(std::string_view text, const HostPort& fallback) {
  const auto broken = [&] {
    return fail(ErrorKind::invalid, fmt::format("expected HOST, :PORT or HOST:PORT, found \"{}\"", text));
  };
  HostPort result = fallback;
  std::string_view rest = text;
  if (const size_t scheme_end = rest.find("://"); scheme_end != std::string_view::npos) {
    const std::string_view scheme = rest.substr(0, scheme_end);
    if (scheme == "http") result.port = 80;
    result.is_https = scheme == "https";
    if (result.is_https) result.port = 443;
    rest.remove_prefix(scheme_end + 3);
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const size_t slash = std::min(rest.find('/'), rest.size());
  result.path = rest.substr(slash);
  rest = rest.substr(0, slash);
  std::string_view host = rest;
  std::string_view port;  // with its colon
  if (rest.starts_with('[')) {
    const size_t close = rest.find(']');
    if (close == std::string_view::npos) return broken();
    host = rest.substr(1, close - 1);
    port = rest.substr(close + 1);
    if (!port.empty() && !port.starts_with(':')) return broken();
  } else if (const size_t colon = rest.find(':'); colon != std::string_view::npos && colon == rest.rfind(':')) {
    host = rest.substr(0, colon);
    port = rest.substr(colon);
  }
  if (!host.empty()) {
    result.host = host;
  } else if (port.size() > 1) {
    result.host = "::";
  }
  if (port.size() > 1) {
    port.remove_prefix(1);
    const auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), result.port);
    if (error != std::errc() || stop != port.data() + port.size()) return broken();
  }
  return result;
}

std::string host_port_text(const HostPort& address) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", is_ipv6 ? "[" : "", address.host, is_ipv6 ? "]" : "", address.port);
}

HostPort reachable(HostPort address) {
  // Every interface has both families, so IPv4's loopback answers for "::" too.
  if (address.host == "0.0.0.0" || address.host == "::") address.host = "127.0.0.1";
  return address;
}

}  // namespace quire
