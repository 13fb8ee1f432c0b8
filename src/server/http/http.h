// Requests and responses as the routes see them: no socket, no library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quire::server {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;
  std::string path;   // decoded, without the query
  std::string query;  // what follows the ?, as it came
  Headers headers;    // names in lower case
  std::string body;
  std::string peer;  // the client's address
  int64_t arrived_ns = 0;

  // Empty when there is none; the first when there are several.
  std::string_view header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json; charset=utf-8";
  std::string body = {};
  Headers headers = {};
};

// The path of a request's target: the query cut off, %XX decoded.
std::string decode_path(std::string_view target);

// The value of NAME=VALUE in a query, as it came; empty when there is none.
std::string_view query_value(std::string_view query, std::string_view name);

// What a request asks for. The names say the method where a path has several.
enum class Route : uint8_t {
  root,
  health,
  version,
  metrics,
  generate,
  chat,
  tags,
  ps,
  queue,
  contexts,
  live,
  page,
  cancel_request,
  show,
  openai_models,
  openai_model,
  completions,
  chat_completions,
};

struct RouteMatch {
  Route route = Route::root;
  bool found = false;         // false: unknown path, or a known one with a method that it has not
  std::string allow = {};     // the methods of a known path
  std::string argument = {};  // what follows the path of openai_model, page and cancel_request
};

RouteMatch match_route(std::string_view method, std::string_view path);

// The path of a route as counts and logs name it, whatever the argument: "/api/requests/"; "other" when it is unknown.
std::string_view route_name(std::string_view path);

// The urgency of an RFC 9218 Priority header, "u=3, i"; 3 when there is none or it is malformed.
uint8_t parse_priority(std::string_view header);

}  // namespace quire::server
