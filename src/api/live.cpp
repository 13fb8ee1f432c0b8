#include "api/live.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "api/json_text.h"

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
  return {{"id", line.id},         {"choice", line.choice},     {"model", line.model}, {"client", line.client},
          {"state", state},        {"priority", line.priority}, {"band", band}};
}

}  // namespace

std::string queue_body(std::span<const QueueLine> lines) {
  Json list = Json::array();
  for (const QueueLine& one : lines) {
    Json item = one.view ? head_of(one.line, state_name(one.view->state), one.view->band)
                         : head_of(one.line, "arriving", one.line.priority);
    item["position"] = one.view ? Json(one.view->position) : Json();
    item["tokens"] = one.prompt_tokens ? Json(*one.prompt_tokens) : Json();
    item["age_ms"] = one.age_ns / ms;
    item["expected_start_ms"] = one.expected_start_in_ns ? Json(*one.expected_start_in_ns / ms) : Json();
    list.push_back(std::move(item));
  }
  return to_text({{"requests", std::move(list)}});
}

std::string contexts_body(std::span<const ContextLine> lines) {
  Json list = Json::array();
  for (const ContextLine& one : lines) {
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
    item["tokens_per_second"] = std::round(one.tokens_per_second * 100) / 100;
    item["preemptions"] = view.preemptions;
    list.push_back(std::move(item));
  }
  return to_text({{"contexts", std::move(list)}});
}

std::string cancelled_body(const std::string& id) { return to_text({{"id", id}, {"status", "cancelled"}}); }

}  // namespace quire::api
