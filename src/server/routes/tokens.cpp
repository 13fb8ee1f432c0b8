// Texts to tokens and back, by the vocabulary of a model.
#include "api/llama_server/tokens.h"

#include "api/llama_server/request.h"
#include "server/requests/prompt.h"
#include "server/routes/find_model.h"
#include "server/routes/handlers.h"
#include "server/routes/state.h"

namespace quire::server {
namespace {

using api::llama_server::DetokenizeCall;
using api::llama_server::TokenizeCall;

api::ApiResult<std::string> tokenized(const TokenizeCall& call, const LoadedModel& model) {
  QUIRE_TRY_VOID(check_prompt_ids(call.content, model, "content"));
  const std::vector<TokenId> tokens = prompt_tokens_of(call.content, model, call.add_special, call.parse_special);
  if (!call.with_pieces) return api::llama_server::tokens_body(tokens);
  std::vector<std::string> pieces;
  for (TokenPiece& piece : model.pieces(tokens)) pieces.push_back(std::move(piece.text));
  return api::llama_server::pieces_body(tokens, pieces);
}

}  // namespace

asio::awaitable<Reply> tokenize(ServiceState& state, const Exchange& exchange) {
  const auto parse = [&] { return api::llama_server::parse_tokenize(exchange.request.body); };
  const api::ApiResult<TokenizeCall> call = co_await on_pool(state.intake, parse);
  if (!call) co_return error_response(exchange.dialect, call.error());
  const ModelUse use = co_await use_model(state, exchange, call->model);
  if (!use.model) co_return refused(exchange, use.model.error());
  const auto work = [&] { return tokenized(*call, use.model->model()); };
  api::ApiResult<std::string> body = co_await on_pool(state.intake, work);
  co_return body ? json_response(std::move(*body)) : error_response(exchange.dialect, body.error());
}

asio::awaitable<Reply> detokenize(ServiceState& state, const Exchange& exchange) {
  const auto parse = [&] { return api::llama_server::parse_detokenize(exchange.request.body); };
  const api::ApiResult<DetokenizeCall> call = co_await on_pool(state.intake, parse);
  if (!call) co_return error_response(exchange.dialect, call.error());
  const ModelUse use = co_await use_model(state, exchange, call->model);
  if (!use.model) co_return refused(exchange, use.model.error());
  const auto work = [&]() -> api::ApiResult<std::string> {
    QUIRE_TRY_VOID(check_prompt_ids({.tokens = call->tokens}, use.model->model(), "tokens"));
    return api::llama_server::content_body(text_of_tokens(call->tokens, use.model->model()));
  };
  api::ApiResult<std::string> body = co_await on_pool(state.intake, work);
  co_return body ? json_response(std::move(*body)) : error_response(exchange.dialect, body.error());
}

}  // namespace quire::server
