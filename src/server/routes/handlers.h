// The handlers that the table of routes names, by the file that has them.
#pragma once

#include "server/routes/route.h"

namespace quire::server {

// generate.cpp
asio::awaitable<Reply> answer_call(ServiceState& state, const Exchange& exchange);

// tokens.cpp
asio::awaitable<Reply> tokenize(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> detokenize(ServiceState& state, const Exchange& exchange);

// llama_server.cpp
asio::awaitable<Reply> props(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> slots(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> list_adapters(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> refuse_props(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> refuse_slot_action(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> refuse_adapters(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> refuse_model_call(ServiceState& state, const Exchange& exchange);

// models.cpp
asio::awaitable<Reply> list_models(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> list_openai_models(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> openai_model(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> show_model(ServiceState& state, const Exchange& exchange);

// store.cpp
asio::awaitable<Reply> pull_model(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> push_model(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> create_model(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> copy_model(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> delete_model(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> find_blob(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> take_blob(ServiceState& state, const Exchange& exchange);

// refused.cpp
asio::awaitable<Reply> refuse_account(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> cloud_status(ServiceState& state, const Exchange& exchange);

// responses.cpp
asio::awaitable<Reply> kept_response(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> delete_response(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> refuse_response_call(ServiceState& state, const Exchange& exchange);

// observe.cpp
asio::awaitable<Reply> root(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> health(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> version(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> metrics(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> page(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> running_models(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> queue(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> contexts(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> live_report(ServiceState& state, const Exchange& exchange);
asio::awaitable<Reply> cancel_request(ServiceState& state, const Exchange& exchange);

}  // namespace quire::server
