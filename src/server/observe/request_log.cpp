#include "server/observe/request_log.h"

#include <algorithm>

#include "api/answer.h"

namespace quire::server {
namespace {

double per_second(int64_t count, int64_t time_ns) {
  return time_ns > 0 ? static_cast<double>(std::max<int64_t>(0, count)) * 1e9 / static_cast<double>(time_ns) : 0.0;
}

void add_generation(LogEvent& event, const RequestRecord& record) {
  const RequestStats& stats = record.stats;
  event.milliseconds("queue_ms", stats.queue_ns);
  if (stats.prompt_ns > 0) event.milliseconds("first_token_ms", stats.queue_ns + stats.prompt_ns);
  event.number("prompt_tokens", stats.prompt_tokens).number("cached_tokens", stats.cached_tokens);
  event.number("generated_tokens", stats.generated_tokens);
  event.real("prompt_per_s", per_second(stats.prompt_tokens - stats.cached_tokens, stats.prompt_ns));
  event.real("generated_per_s", per_second(stats.generated_tokens - record.choices, stats.generate_ns));
  event.number("preemptions", stats.preemptions);
  if (stats.draft_tokens > 0) {
    event.number("draft_tokens", stats.draft_tokens).number("accepted_tokens", stats.accepted_tokens);
  }
  if (stats.recomputed_tokens > 0) event.number("recomputed_tokens", stats.recomputed_tokens);
  if (record.choices > 1) event.number("choices", record.choices);
}

}  // namespace

void log_request(const EventLog& log, const LiveRequest& live, std::string_view route, int64_t now_ns) {
  const RequestRecord& record = live.record;
  const auto level = record.generates || record.refusal ? spdlog::level::info : spdlog::level::debug;
  if (!log.writes(level)) return;
  LogEvent event("request");
  event.text("id", live.id).text("route", route);
  event.number("status", record.status == 0 ? client_left_status : record.status);
  event.milliseconds("total_ms", now_ns - live.arrived_ns);
  if (record.generates) event.text("client", live.client).text("model", live.model).number("band", live.priority);
  if (record.refusal) {
    event.text("refused", refusal_name(*record.refusal));
  } else if (record.reason) {
    event.text("finish", api::finish_text(*record.reason));
    add_generation(event, record);
  }
  log.write(level, event);
}

}  // namespace quire::server
