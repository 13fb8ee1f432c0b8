#include "server/http/http.h"

#include <algorithm>
#include <array>

namespace quire::server {
namespace {

struct RouteRow {
  std::string_view path;
  std::string_view allow;
  Route route;
};

constexpr std::array routes{
    RouteRow{"/", "GET, HEAD", Route::root},
    RouteRow{"/health", "GET, HEAD", Route::health},
    RouteRow{"/api/version", "GET, HEAD", Route::version},
    RouteRow{"/metrics", "GET, HEAD", Route::metrics},
    RouteRow{"/api/generate", "POST", Route::generate},
    RouteRow{"/api/chat", "POST", Route::chat},
    RouteRow{"/api/tags", "GET, HEAD", Route::tags},
    RouteRow{"/api/ps", "GET, HEAD", Route::ps},
    RouteRow{"/api/queue", "GET, HEAD", Route::queue},
    RouteRow{"/api/contexts", "GET, HEAD", Route::contexts},
    RouteRow{"/api/live", "GET, HEAD", Route::live},
    RouteRow{"/ui", "GET, HEAD", Route::page},
    RouteRow{"/ui/", "GET, HEAD", Route::page},
    RouteRow{"/api/show", "POST", Route::show},
    RouteRow{"/v1/models", "GET, HEAD", Route::openai_models},
    RouteRow{"/v1/completions", "POST", Route::completions},
    RouteRow{"/v1/chat/completions", "POST", Route::chat_completions},
};

// Something follows their paths.
constexpr std::array routes_with_argument{
    RouteRow{"/v1/models/", "GET, HEAD", Route::openai_model},
    RouteRow{"/api/requests/", "DELETE", Route::cancel_request},
    RouteRow{"/ui/", "GET, HEAD", Route::page},
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// `allow` is a list with ", " between two.
bool allows(std::string_view allow, std::string_view method) {
  while (!allow.empty()) {
    const size_t end = std::min(allow.find(", "), allow.size());
    if (allow.substr(0, end) == method) return true;
    allow.remove_prefix(std::min(end + 2, allow.size()));
  }
  return false;
}

RouteMatch matched(const RouteRow& row, std::string_view method, std::string_view argument) {
  return {.route = row.route,
          .found = allows(row.allow, method),
          .allow = std::string(row.allow),
          .argument = std::string(argument)};
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::string decode_path(std::string_view target) {
  const std::string_view path = target.substr(0, std::min(target.find_first_of("?#"), target.size()));
  std::string result;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '%' && i + 2 < path.size() && hex_digit(path[i + 1]) >= 0 && hex_digit(path[i + 2]) >= 0) {
      result += static_cast<char>(hex_digit(path[i + 1]) * 16 + hex_digit(path[i + 2]));
      i += 2;
    } else {
      result += path[i];
    }
  }
  return result;
}

std::string_view query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
  return {};
}

RouteMatch match_route(std::string_view method, std::string_view path) {
  for (const RouteRow& row : routes) {
    if (path == row.path) return matched(row, method, {});
  }
  for (const RouteRow& row : routes_with_argument) {
    if (path.starts_with(row.path) && path.size() > row.path.size()) {
      return matched(row, method, path.substr(row.path.size()));
    }
  }
  return {};
}

std::string_view route_name(std::string_view path) {
  const auto exact = std::ranges::find(routes, path, &RouteRow::path);
  if (exact != routes.end()) return exact->path;
  for (const RouteRow& row : routes_with_argument) {
    if (path.starts_with(row.path)) return row.path;
  }
  return "other";
}

uint8_t parse_priority(std::string_view header) {
  constexpr uint8_t fallback = 3;
  size_t begin = 0;
  while (begin < header.size()) {
    const size_t comma = std::min(header.find(',', begin), header.size());
    std::string_view item = header.substr(begin, comma - begin);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (item.size() == 3 && item.starts_with("u=") && item[2] >= '0' && item[2] <= '7') {
      return static_cast<uint8_t>(item[2] - '0');
    }
    begin = comma + 1;
  }
  return fallback;
}

}  // namespace quire::server
