// What the server says of itself, of the models in memory and of all that is being served.
#include <fmt/format.h>

#include <charconv>

#include "api/live.h"
#include "api/llama_server/answer.h"
#include "api/ollama/models.h"
#include "server/models/context_bytes.h"
#include "server/page/page.h"
#include "server/routes/handlers.h"
#include "server/routes/state.h"

namespace quire::server {
namespace {

api::RunningModel running_model(const ModelHost::Running& one, api::ModelSummary summary, int64_t now_unix_ns) {
  const SchedulerCounts& counts = one.snapshot.scheduler;
  api::RunningModel model{.summary = std::move(summary),
                          .expires_unix_ns = std::nullopt,
                          .context_length = one.context_tokens,
                          .requests_running = counts.running,
                          .requests_waiting = counts.waiting + counts.parked};
  model.controller = one.snapshot.controller;
  const auto memory_of = [&](MemoryClass of, const ClassCounts& count) {
    return api::ClassMemory{.total = count.total,
                            .limit = count.limit,
                            .held = count.held,
                            .cached = count.cached,
                            .bytes = static_cast<uint64_t>(one.context_memory.bytes_of(of, one.context_tokens)),
                            .type = {}};
  };
  model.kv_blocks = memory_of(MemoryClass::full, full_blocks(counts));
  model.kv_blocks.type = one.kv_type;
  if (counts.windows.total > 0) model.window_blocks = memory_of(MemoryClass::window, counts.windows);
  if (counts.states.total > 0) model.states = memory_of(MemoryClass::state, counts.states);
  model.context_bytes = context_bytes(one.context_memory, counts, one.context_tokens);
  for (const ModelStage& stage : one.stages) {
    model.devices.push_back({.device = stage.device,
                             .on_host = stage.on_host,
                             .layers = stage.layers,
                             .weights_bytes = stage.memory.weights_bytes,
                             .workspace_bytes = stage.memory.workspace_bytes,
                             .context_bytes = context_bytes(stage.contexts, counts, one.context_tokens)});
  }
  model.since_load = {.steps = counts.steps,
                      .prompt_tokens_computed = one.snapshot.prompt_tokens_computed,
                      .prefix_hit_tokens = counts.prefix_hit_tokens,
                      .generated_tokens = one.snapshot.generated_tokens,
                      .preemptions = counts.preemptions,
                      .recomputed_tokens = counts.recomputed_tokens,
                      .evicted_blocks = counts.evictions,
                      .draft_tokens = one.snapshot.totals.draft_tokens,
                      .accepted_tokens = one.snapshot.totals.accepted_tokens};
  if (one.expires_in_ns) model.expires_unix_ns = now_unix_ns + *one.expires_in_ns;
  return model;
}

std::vector<api::RunningModel> running_models_of(const std::vector<ModelHost::Running>& running, ModelCards& cards,
                                                 int64_t now_unix_ns) {
  std::vector<api::RunningModel> models;
  for (const ModelHost::Running& one : running) {
    models.push_back(running_model(one, cards.summary(one.file), now_unix_ns));
  }
  return models;
}

}  // namespace

asio::awaitable<Reply> root(ServiceState&, const Exchange&) { co_return text_response("Ollama is running"); }

asio::awaitable<Reply> version(ServiceState&, const Exchange&) {
  co_return json_response(api::ollama::version_body(QUIRE_VERSION));
}

asio::awaitable<Reply> health(ServiceState& state, const Exchange& exchange) {
  // As llama.cpp's server says it, to whoever started this one and waits.
  if (!state.gone_ns && !state.awaited_models.empty()) {
    const api::ApiError loading{503, "Loading model"};
    HttpResponse response = error_response(exchange.dialect, loading);
    response.body = api::llama_server::error_body(loading);
    co_return response;
  }
  if (!state.gone_ns) co_return json_response(R"({"status":"ok"})");
  const api::ApiError draining{503, {}};
  HttpResponse response = error_response(exchange.dialect, draining, state.seconds_until_gone());
  response.body = R"({"status":"draining"})";
  co_return response;
}

asio::awaitable<Reply> metrics(ServiceState& state, const Exchange&) {
  HttpResponse response;
  response.content_type = MetricsPage::content_type;
  response.body = state.metrics.text();
  co_return response;
}

asio::awaitable<Reply> page(ServiceState&, const Exchange& exchange) {
  co_return page_response(exchange.request, exchange.argument);
}

asio::awaitable<Reply> running_models(ServiceState& state, const Exchange&) {
  const std::vector<ModelHost::Running> running = state.host.running();
  const int64_t now_ns = state.clocks.unix_ns();
  const auto work = [&] { return api::ollama::ps_body(running_models_of(running, *state.cards, now_ns)); };
  std::string body = co_await on_pool(state.intake, work);
  co_return json_response(std::move(body));
}

asio::awaitable<Reply> queue(ServiceState& state, const Exchange&) {
  co_return json_response(api::queue_body(state.requests.queue(state.clocks.engine.now_ns())));
}

asio::awaitable<Reply> contexts(ServiceState& state, const Exchange&) {
  co_return json_response(api::contexts_body(state.requests.contexts(state.clocks.engine.now_ns())));
}

// The io thread takes the facts; the text of a long queue is made on the pool, so that no stream waits for it.
asio::awaitable<Reply> live_report(ServiceState& state, const Exchange& exchange) {
  const std::string_view after = query_value(exchange.request.query, "ended_after");
  int64_t ended_after = 0;
  std::from_chars(after.data(), after.data() + after.size(), ended_after);
  const std::vector<ModelHost::Running> running = state.host.running();
  api::LiveReport report;
  report.instance = state.instance;
  report.draining = state.gone_ns.has_value();
  report.now_unix_ns = state.clocks.unix_ns();
  report.now_ns = state.clocks.engine.now_ns();
  report.contexts = state.requests.contexts(report.now_ns);
  report.queue = state.requests.queue(report.now_ns);
  report.ended = state.requests.ended().after(ended_after);
  report.ended_count = state.requests.ended().count();
  const auto work = [&] {
    report.models = running_models_of(running, *state.cards, report.now_unix_ns);
    return api::live_body(report);
  };
  std::string body = co_await on_pool(state.intake, work);
  HttpResponse response = json_response(std::move(body));
  response.headers.emplace_back("Cache-Control", "no-store");
  co_return response;
}

asio::awaitable<Reply> cancel_request(ServiceState& state, const Exchange& exchange) {
  const std::string id(exchange.argument);
  if (state.requests.cancel(id)) co_return json_response(api::cancelled_body(id));
  const api::ApiError unknown{404, fmt::format("no request with the id '{}' is being served", id)};
  co_return error_response(exchange.dialect, unknown);
}

}  // namespace quire::server
