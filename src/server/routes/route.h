// Which handler answers which method and path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/asio.h"
#include "server/http/body_reader.h"
#include "server/requests/reply.h"

namespace quire::server {

struct LiveRequest;
struct ServiceState;

// What a client must be allowed to do before a route answers it.
enum class Right : uint8_t {
  open,    // nothing: that a server is here, and whether it is well
  read,    // to see models, requests and measurements
  infer,   // to have tokens computed
  manage,  // to change models, and others' requests
};

// One request at its handler.
struct Exchange {
  const HttpRequest& request;
  LiveRequest& live;
  BodyReader& body;                         // of routes that stream it; else it is in the request
  std::string_view argument;                // what follows the path of a route that ends in '*'
  const api::Dialect& dialect;              // that errors are written in
  const api::Endpoint* endpoint = nullptr;  // of routes that generate
};

// The exchange stays until the reply is there.
using Handler = asio::awaitable<Reply> (*)(ServiceState& state, const Exchange& exchange);

struct Route {
  std::string_view methods;  // with ", " between two
  std::string_view path;     // a '*' at its end stands for one character or more
  Right right = Right::read;
  Handler handler = nullptr;
  const api::Endpoint* endpoint = nullptr;
  bool streams_body = false;  // too large to be held: the handler reads it in pieces
};

struct RouteMatch {
  const Route* route = nullptr;    // null: unknown path, or a known one with a method that it has not
  std::string_view argument = {};  // what stands for the '*'; part of the path that was asked
  std::string allow = {};          // the methods of a known path
};

// Immutable; any thread.
class RouteTable {
 public:
  explicit RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {}

  // The first route that fits; the match's argument points into `path`.
  RouteMatch match(std::string_view method, std::string_view path) const;
  // The path of a route as counts and logs name it, whatever stands for its '*': "/api/requests/"; "other" when it is
  // unknown. The name lives as long as the program.
  std::string_view name(std::string_view path) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace quire::server
