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
  // As its header says; 0: it does not say, or no number.
  uint64_t content_length() const;
};

struct HttpResponse {
  int status = 200;  // 0: there is nobody to tell
  std::string content_type = "application/json; charset=utf-8";
  std::string body = {};
  Headers headers = {};
};

// The path of a request's target: the query cut off, %XX decoded.
std::string decode_path(std::string_view target);

// The value of NAME=VALUE in a query, as it came; empty when there is none.
std::string_view query_value(std::string_view query, std::string_view name);

// The urgency of an RFC 9218 Priority header, "u=3, i"; 3 when there is none or it is malformed.
uint8_t parse_priority(std::string_view header);

}  // namespace quire::server
