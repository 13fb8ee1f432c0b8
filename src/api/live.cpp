#include "api/live.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "api/answer.h"
#include "api/json_text.h"
#include "api/ollama/model_json.h"

namespace quire::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t ms = 1'000'000;

std::string_view state_name(SequenceState state) {
  switch (state) {
    case SequenceState::waiting:
      return "waiting";
    case SequenceState::running:
      return "running";
    case SequenceState::parked:
      return "parked";
    case SequenceState::finished:
      break;
  }
  return "finished";
}

Json head_of(const LiveLine& line, std::string_view state, int band) {
  return {{"id", line.id},  {"choice", line.choice},     {"model", line.model}, {"client", line.client},
          {"state", state}, {"priority", line.priority}, {"band", band}};
}

// As /api/queue says it; null: it runs, or has not reached the queue.
Json reason_json(WaitReason reason) {
  switch (reason) {
    case WaitReason::next_step:
      return "next_step";
    case WaitReason::parallel:
      return "parallel";
    case WaitReason::memory:
      return "memory";
    case WaitReason::step:
      return "step";
    case WaitReason::band:
      return "band";
    case WaitReason::fairness:
      return "fairness";
    case WaitReason::position:
      return "position";
    case WaitReason::model:
      return "model";
    case WaitReason::none:
      break;
  }
  return {};
}

Json milliseconds(const std::optional<int64_t>& ns) { return ns ? Json(*ns / ms) : Json(); }

Json queue_json(const QueueLine& one) {
  Json item = one.view ? head_of(one.line, state_name(one.view->state), one.view->band)
                       : head_of(one.line, "arriving", one.line.priority);
  item["position"] = one.view ? Json(one.view->position) : Json();
  item["reason"] = one.view ? reason_json(one.view->reason) : Json();
  item["tokens"] = one.prompt_tokens ? Json(*one.prompt_tokens) : Json();
  item["age_ms"] = one.age_ns / ms;
  item["expected_start_ms"] = milliseconds(one.expected_start_in_ns);
  return item;
}

Json context_json(const ContextLine& one) {
  const SequenceView& view = one.view;
  Json item = head_of(one.line, state_name(view.state), view.band);
  item["prompt_tokens"] = view.prompt_tokens;
  item["cached_tokens"] = view.cached_tokens;
  item["computed_tokens"] = view.computed_tokens;
  item["generated_tokens"] = view.generated_tokens;
  item["tokens_max"] = view.length_max;
  item["blocks_own"] = view.blocks_own;
  item["blocks_shared"] = view.blocks_shared;
  item["age_ms"] = one.age_ns / ms;
  item["wait_ms"] = one.wait_ns / ms;
  item["first_token_ms"] = milliseconds(one.first_token_in_ns);
  item["tokens_per_second"] = std::round(one.tokens_per_second * 100) / 100;
  item["preemptions"] = view.preemptions;
  return item;
}

Json ended_json(const EndedLine& one, int64_t now_ns) {
  const RequestStats& stats = one.stats;
  const auto known = [&](int64_t value) { return one.has_stats ? Json(value) : Json(); };
  Json item = {{"number", one.number},
               {"id", one.line.id},
               {"choice", one.line.choice},
               {"model", one.line.model},
               {"client", one.line.client},
               {"priority", one.line.priority},
               {"reason", finish_text(one.reason)},
               {"prompt_tokens", one.prompt_tokens}};
  item["cached_tokens"] = known(stats.cached_tokens);
  item["generated_tokens"] = known(stats.generated_tokens);
  item["draft_tokens"] = known(stats.draft_tokens);
  item["accepted_tokens"] = known(stats.accepted_tokens);
  item["preemptions"] = known(stats.preemptions);
  item["wait_ms"] = known(stats.queue_ns / ms);
  item["first_token_ms"] = stats.generated_tokens > 0 ? known((stats.queue_ns + stats.prompt_ns) / ms) : Json();
  item["total_ms"] = (one.ended_ns - one.arrived_ns) / ms;
  item["ended_ago_ms"] = (now_ns - one.ended_ns) / ms;
  return item;
}

// A table: the names of the columns once, then a row for each request. A long queue is most of what the page reads.
Json queue_table(std::span<const QueueLine> lines) {
  Json columns = Json::array(), rows = Json::array();
  for (const QueueLine& one : lines) {
    Json item = queue_json(one), row = Json::array();
    for (auto& [name, value] : item.items()) {
      if (rows.empty()) columns.push_back(name);
      row.push_back(std::move(value));
    }
    rows.push_back(std::move(row));
  }
  return {{"columns", std::move(columns)}, {"rows", std::move(rows)}};
}

}  // namespace

std::string queue_body(std::span<const QueueLine> lines) {
  Json list = Json::array();
  for (const QueueLine& one : lines) list.push_back(queue_json(one));
  return to_text({{"requests", std::move(list)}});
}

std::string contexts_body(std::span<const ContextLine> lines) {
  Json list = Json::array();
  for (const ContextLine& one : lines) list.push_back(context_json(one));
  return to_text({{"contexts", std::move(list)}});
}

std::string cancelled_body(const std::string& id) { return to_text({{"id", id}, {"status", "cancelled"}}); }

std::string live_body(const LiveReport& report) {
  Json models = Json::array(), contexts = Json::array(), ended = Json::array();
  for (const RunningModel& model : report.models) models.push_back(ollama::running_model_json(model));
  for (const ContextLine& one : report.contexts) {
    Json item = context_json(one);
    item["position"] = one.view.position < 0 ? Json() : Json(one.view.position);
    item["reason"] = reason_json(one.view.reason);
    contexts.push_back(std::move(item));
  }
  for (const EndedLine& one : report.ended) ended.push_back(ended_json(one, report.now_ns));
  return to_text({{"instance", report.instance},
                  {"version", QUIRE_VERSION},
                  {"draining", report.draining},
                  {"now_ms", report.now_unix_ns / ms},
                  {"models", std::move(models)},
                  {"contexts", std::move(contexts)},
                  {"queue", queue_table(report.queue)},
                  {"ended", std::move(ended)},
                  {"ended_count", report.ended_count}});
}

}  // namespace quire::api
