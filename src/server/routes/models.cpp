// What there is to serve: the models on disk.
#include "api/ollama/models.h"

#include "api/ollama/request.h"
#include "api/openai/models.h"
#include "server/routes/handlers.h"
#include "server/routes/state.h"

namespace quire::server {
namespace {

// gcc 12 destroys some temporaries of a co_await expression twice, so work for the pool has a name.
asio::awaitable<Reply> list_as(ServiceState& state, ModelCards::ListWriter body) {
  const auto work = [&] { return state.cards->list(state.catalog.list(), body); };
  std::string text = co_await on_pool(state.intake, work);
  co_return json_response(std::move(text));
}

}  // namespace

asio::awaitable<Reply> list_models(ServiceState& state, const Exchange&) {
  co_return co_await list_as(state, api::ollama::tags_body);
}

asio::awaitable<Reply> list_openai_models(ServiceState& state, const Exchange&) {
  co_return co_await list_as(state, api::openai::models_body);
}

asio::awaitable<Reply> openai_model(ServiceState& state, const Exchange& exchange) {
  const auto work = [&]() -> Result<std::string> {
    QUIRE_TRY(const store::ModelFile file, state.catalog.find(exchange.argument));
    return api::openai::model_body(state.cards->summary(file));
  };
  const auto body = co_await on_pool(state.intake, work);
  co_return body ? json_response(*body) : error_response(exchange.dialect, api::from_error(body.error()));
}

asio::awaitable<Reply> show_model(ServiceState& state, const Exchange& exchange) {
  const auto work = [&]() -> api::ApiResult<std::string> {
    QUIRE_TRY(const api::ollama::ShowCall call, api::ollama::parse_show(exchange.request.body));
    const Result<store::ModelFile> file = state.catalog.find(call.model);
    if (!file) return std::unexpected(api::from_error(file.error()));
    Result<std::string> shown = state.cards->show(*file, call);
    if (!shown) return std::unexpected(api::from_error(shown.error()));
    return std::move(*shown);
  };
  const auto body = co_await on_pool(state.intake, work);
  co_return body ? json_response(*body) : error_response(exchange.dialect, body.error());
}

}  // namespace quire::server
