#include "api/ollama/client.h"

#include <nlohmann/json.hpp>

#include "api/client_json.h"
#include "api/json_text.h"

namespace quire::api::ollama {
namespace {

using Json = nlohmann::ordered_json;

std::string body_of(Json body, const ClientCall& call) {
  body["model"] = call.model;
  body["stream"] = true;
  Json options = {{"num_predict", call.answer_tokens}};
  put_sampling(call, options);
  body["options"] = std::move(options);
  if (!call.user.empty()) body["user"] = call.user;
  return to_text(body);
}

}  // namespace

std::string generate_body(const ClientCall& call) { return body_of({{"prompt", call.prompt}, {"raw", true}}, call); }

std::string chat_body(const ClientCall& call) { return body_of({{"messages", client_messages(call)}}, call); }

std::optional<ClientLine> read_line(std::string_view text) {
  return read_json_line(text, [](const nlohmann::json& object, ClientLine& line) {
    line.text =
        object.contains("message") ? text_at(object_at(object, "message"), "content") : text_at(object, "response");
    const auto done = object.find("done");
    if (done == object.end() || !done->is_boolean() || !done->get<bool>()) return;
    line.reason = text_at(object, "done_reason");
    if (line.reason.empty()) line.reason = "stop";
    line.prompt_truncated = flag_at(object, "prompt_truncated");
    line.counts = {.prompt_tokens = count_at(object, "prompt_eval_count"),
                   .cached_tokens = count_at(object, "prompt_eval_cached_count"),
                   .answer_tokens = count_at(object, "eval_count"),
                   .queue_ns = count_at(object, "queue_duration")};
  });
}

}  // namespace quire::api::ollama
