// Answers that were kept, and what they answered.
#include <fmt/format.h>

#include "api/responses/records.h"
#include "server/routes/handlers.h"
#include "server/routes/state.h"

namespace quire::server {
namespace {

constexpr std::string_view items_suffix = "/input_items";

}  // namespace

asio::awaitable<Reply> kept_response(ServiceState& state, const Exchange& exchange) {
  std::string id(exchange.argument);
  const bool asks_items = id.ends_with(items_suffix);
  if (asks_items) id.resize(id.size() - items_suffix.size());
  if (!asks_items && query_value(exchange.request.query, "stream") == "true") {
    const api::ApiError error{400, "\"stream\" is not supported: a kept response comes in one piece", "stream"};
    co_return error_response(exchange.dialect, error);
  }
  const std::string owner = owner_of(exchange.request);
  const Result<std::string> record = co_await state.kept.find(id, owner);
  if (!record) co_return error_response(exchange.dialect, api::responses::not_kept(id));
  if (!asks_items) co_return json_response(api::responses::response_body(*record));
  const auto work = [&] { return api::responses::input_items_body(*record, exchange.request.query); };
  const api::ApiResult<std::string> body = co_await on_pool(state.intake, work);
  co_return body ? json_response(*body) : error_response(exchange.dialect, body.error());
}

asio::awaitable<Reply> delete_response(ServiceState& state, const Exchange& exchange) {
  const std::string id(exchange.argument);
  const std::string owner = owner_of(exchange.request);
  const Result<void> removed = co_await state.kept.remove(id, owner);
  if (!removed) co_return error_response(exchange.dialect, api::responses::not_kept(id));
  co_return json_response(api::responses::deleted_body(id));
}

// Nothing is made in the background that could be cancelled, and nobody else's tokens are counted.
asio::awaitable<Reply> refuse_response_call(ServiceState&, const Exchange& exchange) {
  const api::ApiError error{404, fmt::format("POST {} is not served", exchange.request.path)};
  co_return error_response(exchange.dialect, error);
}

}  // namespace quire::server
