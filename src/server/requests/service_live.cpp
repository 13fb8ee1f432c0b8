// What the routes tell of the models in memory and of all that is being served.
#include <charconv>

#include "api/live.h"
#include "server/requests/service.h"

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
  model.kv_blocks = {.total = counts.blocks_total,
                     .limit = counts.block_limit,
                     .held = counts.blocks_held,
                     .cached = counts.blocks_cached,
                     .bytes = one.kv_block_bytes,
                     .type = one.kv_type};
  model.since_load = {.steps = counts.steps,
                      .prompt_tokens_computed = one.snapshot.prompt_tokens_computed,
                      .prefix_hit_tokens = counts.prefix_hit_tokens,
                      .generated_tokens = one.snapshot.generated_tokens,
                      .preemptions = counts.preemptions,
                      .recomputed_tokens = counts.recomputed_tokens,
                      .evicted_blocks = counts.evictions};
  if (one.expires_in_ns) model.expires_unix_ns = now_unix_ns + *one.expires_in_ns;
  return model;
}

std::vector<api::RunningModel> running_models(const std::vector<ModelHost::Running>& running, ModelCards& cards,
                                              int64_t now_unix_ns) {
  std::vector<api::RunningModel> models;
  for (const ModelHost::Running& one : running) {
    models.push_back(running_model(one, cards.summary(one.file), now_unix_ns));
  }
  return models;
}

HttpResponse fresh_json(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

}  // namespace

asio::awaitable<HttpResponse> Service::ps() {
  const std::vector<ModelHost::Running> running = host_.running();
  const int64_t now_ns = clocks_.unix_ns();
  std::string body = co_await on_pool(
      intake_, [this, &running, now_ns] { return api::ps_body(running_models(running, cards_, now_ns)); });
  HttpResponse response;
  response.body = std::move(body);
  co_return response;
}

// The io thread takes the facts; the text of a long queue is made on the pool, so that no stream waits for it.
asio::awaitable<HttpResponse> Service::live_report(const HttpRequest& request) {
  const std::string_view after = query_value(request.query, "ended_after");
  int64_t ended_after = 0;
  std::from_chars(after.data(), after.data() + after.size(), ended_after);
  const std::vector<ModelHost::Running> running = host_.running();
  api::LiveReport report;
  report.instance = instance_;
  report.draining = gone_ns_.has_value();
  report.now_unix_ns = clocks_.unix_ns();
  report.now_ns = clocks_.engine.now_ns();
  report.contexts = requests_.contexts(report.now_ns);
  report.queue = requests_.queue(report.now_ns);
  report.ended = requests_.ended().after(ended_after);
  report.ended_count = requests_.ended().count();
  std::string body = co_await on_pool(intake_, [this, &running, &report] {
    report.models = running_models(running, cards_, report.now_unix_ns);
    return api::live_body(report);
  });
  co_return fresh_json(std::move(body));
}

}  // namespace quire::server
