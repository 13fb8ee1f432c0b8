#include "server/routes/service.h"

#include <fmt/format.h>

#include "server/routes/table.h"

namespace quire::server {
namespace {

HttpResponse no_route(const HttpRequest& request, const api::Dialect& dialect, const RouteMatch& match) {
  if (match.allow.empty()) {
    return error_response(dialect, api::ApiError{404, fmt::format("path '{}' not found", request.path)});
  }
  HttpResponse response =
      error_response(dialect, api::ApiError{405, fmt::format("method {} not allowed", request.method)});
  response.headers.emplace_back("Allow", match.allow);
  return response;
}

}  // namespace

Service::Service(ServiceState state) : routes_(make_routes()), state_(std::move(state)) {
  state_.instance = state_.unique_id();
}

asio::awaitable<Reply> Service::answer(const HttpRequest& request, const RouteMatch& match, LiveRequest& live,
                                       BodyReader& body) {
  const api::Dialect& dialect = api::dialect_of_path(request.path);
  if (match.route == nullptr) co_return no_route(request, dialect, match);
  const Right right = match.route->right;
  live.record.generates = right == Right::infer;
  if (state_.gone_ns && right == Right::infer) {
    live.record.refusal = Refusal::draining;
    const api::ApiError going{503, "the server is shutting down"};
    co_return error_response(dialect, going, state_.seconds_until_gone());
  }
  const Exchange exchange{.request = request,
                          .live = live,
                          .body = body,
                          .argument = match.argument,
                          .dialect = dialect,
                          .endpoint = match.route->endpoint};
  co_return co_await match.route->handler(state_, exchange);
}

}  // namespace quire::server
