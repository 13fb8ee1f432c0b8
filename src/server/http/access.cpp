#include "server/http/access.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/ascii.h"

namespace quire::server {
namespace {

// "host:port" -> "host"; "[::1]:80" -> "[::1]".
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, std::min(host.find(']'), host.size() - 1) + 1);
  return host.substr(0, std::min(host.find(':'), host.size()));
}

bool is_ipv4(std::string_view host) {
  return std::ranges::count(host, '.') == 3 && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

// Each * stands for any text. Both are in lower case.
bool matches(std::string_view pattern, std::string_view text) {
  size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  text.remove_prefix(star);
  pattern.remove_prefix(star + 1);
  while ((star = pattern.find('*')) != std::string_view::npos) {
    // The earliest place leaves the most text for what comes after.
    const size_t found = text.find(pattern.substr(0, star));
    if (found == std::string_view::npos) return false;
    text.remove_prefix(found + star);
    pattern.remove_prefix(star + 1);
  }
  return text.ends_with(pattern);
}

// An entry of the environment: "*", an origin, or one without its scheme, which is a host's over http and https.
bool entry_allows(std::string_view entry, std::string_view origin) {
  if (entry.ends_with('/') && !entry.ends_with("://")) entry.remove_suffix(1);
  if (matches(entry, origin)) return true;
  if (entry.find("://") != std::string_view::npos) return false;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme) && matches(entry, origin.substr(scheme.size()))) return true;
  }
  return false;
}

}  // namespace

std::string allowed_request_headers(std::string_view asked) {
  std::string allowed =
      "Authorization, Content-Type, User-Agent, Accept, Priority, X-Request-Id, X-Requested-With, OpenAI-Beta, "
      "OpenAI-Organization, OpenAI-Project";
  for (const std::string_view item : comma_items(asked)) {
    const std::string name = lower_case(item);
    const bool is_token = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
    if (name.starts_with("x-stainless-") && is_token) allowed += ", " + name;
  }
  return allowed;
}

bool host_allowed(std::string_view host_header, std::string_view own_host_name) {
  const std::string host = lower_case(without_port(host_header));
  if (host.empty() || host.starts_with('[') || is_ipv4(host)) return true;
  if (host == "localhost" || host == lower_case(own_host_name)) return true;
  constexpr std::array<std::string_view, 3> local_endings = {".localhost", ".local", ".internal"};
  return std::ranges::any_of(local_endings, [&](std::string_view ending) { return host.ends_with(ending); });
}

bool origin_allowed(std::string_view origin_header, std::string_view host_header, std::span<const std::string> extra) {
  const std::string origin_text = lower_case(origin_header);
  const std::string_view origin = origin_text;
  // First: a page without an origin of its own says "null", which has no scheme.
  if (std::ranges::any_of(extra, [&](const std::string& entry) { return entry_allows(lower_case(entry), origin); })) {
    return true;
  }
  const size_t scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const std::string_view scheme = origin.substr(0, scheme_end);
  const std::string_view host = origin.substr(scheme_end + 3);
  if (host == lower_case(host_header) && !host.empty()) return true;  // the page came from here
  constexpr std::array<std::string_view, 5> application_schemes = {"app", "file", "tauri", "vscode-webview",
                                                                   "vscode-file"};
  if (std::ranges::find(application_schemes, scheme) != application_schemes.end()) return true;
  constexpr std::array<std::string_view, 4> local_hosts = {"localhost", "127.0.0.1", "0.0.0.0", "[::1]"};
  return (scheme == "http" || scheme == "https") &&
         std::ranges::find(local_hosts, without_port(host)) != local_hosts.end();
}

}  // namespace quire::server
