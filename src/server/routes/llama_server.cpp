// What llama.cpp's server says of itself, and what it has and this server has not.
#include <fmt/format.h>

#include <algorithm>

#include "api/llama_server/state.h"
#include "server/routes/find_model.h"
#include "server/routes/handlers.h"
#include "server/routes/state.h"

namespace quire::server {
namespace {

using api::llama_server::Properties;

std::string token_name(const LoadedModel& model, TokenId token) {
  return token < 0 ? std::string() : model.pieces({&token, 1}).front().text;
}

Properties properties_of(const LoadedModel& model, const store::ModelFile& file) {
  return {.model = file.name,
          .path = file.path.string(),
          .chat_template = model.template_source(),
          .bos = token_name(model, model.bos()),
          .eos = token_name(model, model.eos()),
          .version = QUIRE_VERSION,
          .context_tokens = model.context_tokens(),
          .contexts_max = model.snapshot().controller.parallel_max};
}

// What of all that is served is this model's, oldest first.
std::vector<api::ContextLine> contexts_of(ServiceState& state, const std::string& model) {
  std::vector<api::ContextLine> lines = state.requests.contexts(state.clocks.engine.now_ns());
  std::erase_if(lines, [&](const api::ContextLine& line) { return line.line.model != model; });
  return lines;
}

HttpResponse not_served(const Exchange& exchange, std::string why) {
  return error_response(exchange.dialect, api::ApiError{501, std::move(why)});
}

}  // namespace

asio::awaitable<Reply> props(ServiceState& state, const Exchange& exchange) {
  const std::string name = decode_path(query_value(exchange.request.query, "model"));
  const ModelUse use = co_await use_model(state, exchange, name);
  if (!use.model) co_return refused(exchange, use.model.error());
  co_return json_response(api::llama_server::props_body(properties_of(use.model->model(), use.file)));
}

asio::awaitable<Reply> slots(ServiceState& state, const Exchange& exchange) {
  const std::string name = decode_path(query_value(exchange.request.query, "model"));
  const ModelUse use = co_await use_model(state, exchange, name);
  if (!use.model) co_return refused(exchange, use.model.error());
  const Properties properties = properties_of(use.model->model(), use.file);
  const std::vector<api::ContextLine> contexts = contexts_of(state, use.file.name);
  const std::string_view wants_idle = query_value(exchange.request.query, "fail_on_no_slot");
  if (!wants_idle.empty() && wants_idle != "0" && std::ssize(contexts) >= properties.contexts_max) {
    co_return error_response(exchange.dialect, api::ApiError{503, "no slot available"});
  }
  co_return json_response(api::llama_server::slots_body(contexts, properties));
}

asio::awaitable<Reply> refuse_props(ServiceState&, const Exchange& exchange) {
  co_return not_served(exchange, "POST /props is not served: requests say what they want themselves");
}

asio::awaitable<Reply> refuse_slot_action(ServiceState&, const Exchange& exchange) {
  co_return not_served(
      exchange, "slots are not saved, restored or erased: what was computed stays shared as long as there is room");
}

asio::awaitable<Reply> list_adapters(ServiceState&, const Exchange&) { co_return json_response("[]"); }

asio::awaitable<Reply> refuse_adapters(ServiceState&, const Exchange& exchange) {
  co_return not_served(exchange, "LoRA adapters are not served");
}

asio::awaitable<Reply> refuse_model_call(ServiceState&, const Exchange& exchange) {
  co_return not_served(exchange, fmt::format("{} {} is not served: models are loaded when they are asked for; "
                                             "/api/pull, /api/generate with keep_alive and /api/delete do the rest",
                                             exchange.request.method, exchange.request.path));
}

}  // namespace quire::server
