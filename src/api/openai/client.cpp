#include "api/openai/client.h"

#include <nlohmann/json.hpp>

#include "api/client_json.h"
#include "api/json_text.h"

namespace quire::api::openai {
namespace {

using Json = nlohmann::ordered_json;

std::string body_of(Json body, const ClientCall& call) {
  body["model"] = call.model;
  body["stream"] = true;
  body["stream_options"] = {{"include_usage", true}};
  body["max_tokens"] = call.answer_tokens;
  put_sampling(call, body);
  if (!call.user.empty()) body["user"] = call.user;
  return to_text(body);
}

}  // namespace

std::string completions_body(const ClientCall& call) { return body_of({{"prompt", call.prompt}}, call); }

std::string chat_completions_body(const ClientCall& call) {
  return body_of({{"messages", client_messages(call)}}, call);
}

std::optional<ClientLine> read_line(std::string_view text) {
  const std::optional<std::string_view> data = event_data(text);
  if (!data || *data == "[DONE]" || *data == "[DONE]\r") return std::nullopt;
  return read_json_line(*data, [](const nlohmann::json& object, ClientLine& line) {
    const auto choices = object.find("choices");
    if (choices != object.end() && choices->is_array() && !choices->empty() && choices->front().is_object()) {
      const nlohmann::json& choice = choices->front();
      line.text = choice.contains("delta") ? text_at(object_at(choice, "delta"), "content") : text_at(choice, "text");
      line.reason = text_at(choice, "finish_reason");
    }
    line.prompt_truncated = flag_at(object, "prompt_truncated");
    const nlohmann::json& usage = object_at(object, "usage");
    line.counts = {.prompt_tokens = count_at(usage, "prompt_tokens"),
                   .cached_tokens = count_at(object_at(usage, "prompt_tokens_details"), "cached_tokens"),
                   .answer_tokens = count_at(usage, "completion_tokens"),
                   .queue_ns = count_at(usage, "queue_duration")};
  });
}

}  // namespace quire::api::openai
