#include "api/responses/client.h"

#include <nlohmann/json.hpp>

#include "api/client_json.h"
#include "api/json_text.h"

namespace quire::api::responses {
namespace {

// The last event's response: why it ended, and its counts.
void read_end(const nlohmann::json& response, ClientLine& line) {
  const std::string status = text_at(response, "status");
  line.reason = status == "incomplete" ? "length" : status == "completed" ? "stop" : "";
  line.error = text_at(object_at(response, "error"), "message");
  line.prompt_truncated = flag_at(response, "prompt_truncated");
  const nlohmann::json& usage = object_at(response, "usage");
  line.counts = {.prompt_tokens = count_at(usage, "input_tokens"),
                 .cached_tokens = count_at(object_at(usage, "input_tokens_details"), "cached_tokens"),
                 .answer_tokens = count_at(usage, "output_tokens"),
                 .queue_ns = count_at(response, "queue_duration")};
}

}  // namespace

std::string client_body(const ClientCall& call) {
  nlohmann::ordered_json body = {{"model", call.model}, {"stream", true}, {"store", false}};
  if (call.messages.empty()) {
    body["input"] = call.prompt;
  } else {
    body["input"] = client_messages(call);
  }
  body["max_output_tokens"] = call.answer_tokens;
  put_sampling(call, body);
  if (!call.user.empty()) body["user"] = call.user;
  return to_text(body);
}

std::optional<ClientLine> read_line(std::string_view text) {
  const std::optional<std::string_view> data = event_data(text);
  if (!data) return std::nullopt;
  return read_json_line(*data, [](const nlohmann::json& object, ClientLine& line) {
    const std::string type = text_at(object, "type");
    if (type == "response.output_text.delta" || type == "response.reasoning_text.delta") {
      line.text = text_at(object, "delta");
    } else if (type == "response.completed" || type == "response.incomplete" || type == "response.failed") {
      read_end(object_at(object, "response"), line);
    } else if (type == "error" && line.error.empty()) {
      line.error = text_at(object, "message");
    }
  });
}

}  // namespace quire::api::responses
