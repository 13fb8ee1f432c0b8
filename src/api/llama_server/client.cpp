#include "api/llama_server/client.h"

#include <nlohmann/json.hpp>

#include "api/client_json.h"
#include "api/json_text.h"

namespace quire::api::llama_server {
namespace {

// The names of other dialects' `finish_reason`.
std::string reason_of(const std::string& stop_type) { return stop_type == "limit" ? "length" : "stop"; }

}  // namespace

std::string completion_client_body(const ClientCall& call) {
  nlohmann::ordered_json body = {
      {"model", call.model}, {"prompt", call.prompt}, {"stream", true}, {"n_predict", call.answer_tokens}};
  put_sampling(call, body);
  if (!call.user.empty()) body["user"] = call.user;
  return to_text(body);
}

std::optional<ClientLine> read_line(std::string_view text) {
  const std::optional<std::string_view> data = event_data(text);
  if (!data) return std::nullopt;
  return read_json_line(*data, [](const nlohmann::json& object, ClientLine& line) {
    line.text = text_at(object, "content");
    if (!flag_at(object, "stop")) return;
    line.reason = reason_of(text_at(object, "stop_type"));
    line.prompt_truncated = flag_at(object, "truncated");
    const nlohmann::json& timings = object_at(object, "timings");
    line.counts = {.prompt_tokens = count_at(object, "tokens_evaluated"),
                   .cached_tokens = count_at(timings, "cache_n"),
                   .answer_tokens = count_at(object, "tokens_predicted"),
                   .queue_ns = -1};
  });
}

}  // namespace quire::api::llama_server
