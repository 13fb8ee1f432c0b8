// Requests to replies: finds a request's route and has its handler answer it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/routes/route.h"
#include "server/routes/state.h"

namespace quire::server {

// The io thread only.
class Service {
 public:
  explicit Service(ServiceState state);

  // As RouteTable's; its argument points into the request.
  RouteMatch match(const HttpRequest& request) const { return routes_.match(request.method, request.path); }
  // `request`, its entry among `requests` and the reader of its body must stay until the answer is there. The body is
  // in the request already, unless the route reads it in pieces.
  asio::awaitable<Reply> answer(const HttpRequest& request, const RouteMatch& match, LiveRequest& live,
                                BodyReader& body);

  // From now on requests for tokens are refused, and /health says that this server is going: it
  // will be gone by `gone_ns`, on the engines' clock.
  void refuse_new(int64_t gone_ns) { state_.gone_ns = gone_ns; }

  // A model of the command line is in memory.
  void note_loaded(const std::string& name) { std::erase(state_.awaited_models, name); }

  // As RouteTable's.
  std::string_view route_name(std::string_view path) const { return routes_.name(path); }
  // As ServiceState's.
  std::string unique_id() { return state_.unique_id(); }

 private:
  const RouteTable routes_;
  ServiceState state_;
};

}  // namespace quire::server
