#include "api/client_call.h"

#include <nlohmann/json.hpp>

#include "api/json_text.h"

namespace quire::api {
namespace {

using nlohmann::json;
using Json = nlohmann::ordered_json;

// Fields of objects that somebody else wrote: what is absent or of another type counts as not said.
std::string text_at(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}
int64_t count_at(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number_integer() ? at->get<int64_t>() : -1;
}
const json& object_at(const json& object, const char* key) {
  static const json none = json::object();
  const auto at = object.find(key);
  return at != object.end() && at->is_object() ? *at : none;
}

std::string error_in(const json& object) {
  const auto at = object.find("error");
  if (at == object.end() || at->is_null()) return {};
  if (at->is_string()) return at->get<std::string>();
  const std::string message = at->is_object() ? text_at(*at, "message") : std::string();
  return message.empty() ? at->dump(-1, ' ', false, json::error_handler_t::replace) : message;
}

Json messages_of(const ClientCall& call) {
  Json messages = Json::array();
  for (const Message& message : call.messages) {
    messages.push_back({{"role", message.role}, {"content", message.content}});
  }
  return messages;
}

void put_ollama(Json& body, const ClientCall& call) {
  if (call.endpoint == Endpoint::chat) {
    body["messages"] = messages_of(call);
  } else {
    body["prompt"] = call.prompt;
    body["raw"] = true;
  }
  body["stream"] = true;
  Json options = {{"num_predict", call.answer_tokens}, {"temperature", call.temperature}, {"seed", call.seed}};
  if (call.ignore_eos) options["ignore_eos"] = true;
  body["options"] = std::move(options);
}

void put_openai(Json& body, const ClientCall& call) {
  if (call.endpoint == Endpoint::chat_completions) {
    body["messages"] = messages_of(call);
  } else {
    body["prompt"] = call.prompt;
  }
  body["stream"] = true;
  body["stream_options"] = {{"include_usage", true}};
  body["max_tokens"] = call.answer_tokens;
  body["temperature"] = call.temperature;
  body["seed"] = call.seed;
  if (call.ignore_eos) body["ignore_eos"] = true;
}

void read_ollama(const json& object, ClientLine& line) {
  line.text =
      object.contains("message") ? text_at(object_at(object, "message"), "content") : text_at(object, "response");
  const auto done = object.find("done");
  if (done == object.end() || !done->is_boolean() || !done->get<bool>()) return;
  line.reason = text_at(object, "done_reason");
  if (line.reason.empty()) line.reason = "stop";
  line.counts = {.prompt_tokens = count_at(object, "prompt_eval_count"),
                 .cached_tokens = count_at(object, "prompt_eval_cached_count"),
                 .answer_tokens = count_at(object, "eval_count"),
                 .queue_ns = count_at(object, "queue_duration")};
}

void read_openai(const json& object, ClientLine& line) {
  const auto choices = object.find("choices");
  if (choices != object.end() && choices->is_array() && !choices->empty() && choices->front().is_object()) {
    const json& choice = choices->front();
    line.text = choice.contains("delta") ? text_at(object_at(choice, "delta"), "content") : text_at(choice, "text");
    line.reason = text_at(choice, "finish_reason");
  }
  const json& usage = object_at(object, "usage");
  line.counts = {.prompt_tokens = count_at(usage, "prompt_tokens"),
                 .cached_tokens = count_at(object_at(usage, "prompt_tokens_details"), "cached_tokens"),
                 .answer_tokens = count_at(usage, "completion_tokens"),
                 .queue_ns = count_at(usage, "queue_duration")};
}

}  // namespace

std::string_view path_of(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::generate:
      return "/api/generate";
    case Endpoint::chat:
      return "/api/chat";
    case Endpoint::completions:
      return "/v1/completions";
    case Endpoint::chat_completions:
      return "/v1/chat/completions";
  }
  return "";
}

std::string body_of(const ClientCall& call) {
  Json body;
  body["model"] = call.model;
  if (dialect_of(call.endpoint) == Dialect::ollama) {
    put_ollama(body, call);
  } else {
    put_openai(body, call);
  }
  if (!call.user.empty()) body["user"] = call.user;
  return to_text(body);
}

std::optional<ClientLine> read_line(Dialect dialect, std::string_view text) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (dialect == Dialect::openai) {
    if (!text.starts_with("data:")) return std::nullopt;
    text.remove_prefix(5);
    if (text.starts_with(' ')) text.remove_prefix(1);
    if (text == "[DONE]") return std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  ClientLine line;
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) {
    line.error = "a line of the answer is no JSON object: " + std::string(text.substr(0, 60));
    return line;
  }
  line.error = error_in(object);
  if (dialect == Dialect::ollama) {
    read_ollama(object, line);
  } else {
    read_openai(object, line);
  }
  return line;
}

std::string error_text(std::string_view body) {
  const json object = json::parse(body, nullptr, false);
  const std::string said = object.is_object() ? error_in(object) : std::string();
  return said.empty() ? std::string(body.substr(0, 200)) : said;
}

}  // namespace quire::api
