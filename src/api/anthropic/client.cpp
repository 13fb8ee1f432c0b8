#include "api/anthropic/client.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/client_json.h"
#include "api/json_text.h"

namespace quire::api::anthropic {
namespace {

using Json = nlohmann::ordered_json;

// All that the model has read; those tokens that were cached are counted apart.
int64_t prompt_tokens(const nlohmann::json& usage) {
  const int64_t fresh = count_at(usage, "input_tokens");
  if (fresh < 0) return -1;
  return fresh + std::max<int64_t>(0, count_at(usage, "cache_read_input_tokens")) +
         std::max<int64_t>(0, count_at(usage, "cache_creation_input_tokens"));
}

}  // namespace

std::string messages_body(const ClientCall& call) {
  Json body = {{"model", call.model}, {"max_tokens", call.answer_tokens}, {"stream", true}};
  body["messages"] = Json::array();
  for (Json& message : client_messages(call)) {
    if (message["role"] == "system") {
      body["system"].push_back({{"type", "text"}, {"text", message["content"]}});
    } else {
      body["messages"].push_back(std::move(message));
    }
  }
  if (call.messages.empty()) body["messages"].push_back({{"role", "user"}, {"content", call.prompt}});
  put_sampling(call, body);
  if (!call.user.empty()) body["metadata"] = {{"user_id", call.user}};
  return to_text(body);
}

std::optional<ClientLine> read_line(std::string_view text) {
  const std::optional<std::string_view> data = event_data(text);
  if (!data) return std::nullopt;
  return read_json_line(*data, [](const nlohmann::json& event, ClientLine& line) {
    const nlohmann::json& delta = object_at(event, "delta");
    if (text_at(delta, "type") == "text_delta") line.text = text_at(delta, "text");
    if (text_at(event, "type") != "message_delta") return;
    line.reason = text_at(delta, "stop_reason");
    if (line.reason == "max_tokens") line.reason = "length";
    if (line.reason == "end_turn" || line.reason == "stop_sequence") line.reason = "stop";
    line.prompt_truncated = flag_at(event, "prompt_truncated");
    const nlohmann::json& usage = object_at(event, "usage");
    line.counts = {.prompt_tokens = prompt_tokens(usage),
                   .cached_tokens = count_at(usage, "cache_read_input_tokens"),
                   .answer_tokens = count_at(usage, "output_tokens"),
                   .queue_ns = count_at(usage, "queue_duration")};
  });
}

}  // namespace quire::api::anthropic
