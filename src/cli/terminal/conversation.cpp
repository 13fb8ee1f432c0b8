#include "cli/terminal/conversation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/client.h"

namespace quire::cli {
namespace {

using nlohmann::json;

constexpr std::array parameters = {"temperature",      "top_k",         "top_p",   "min_p",
                                   "typical_p",        "seed",          "num_ctx", "num_predict",
                                   "repeat_penalty",   "repeat_last_n", "stop",    "presence_penalty",
                                   "frequency_penalty"};

}  // namespace

Conversation::Conversation(load::HttpEndpoint endpoint, std::string model, const RunOptions& options)
    : endpoint_(std::move(endpoint)), model_(std::move(model)), raw_(options.raw), system_(options.system) {
  if (options.sampling.temperature) options_["temperature"] = *options.sampling.temperature;
  if (options.sampling.seed) options_["seed"] = *options.sampling.seed;
  if (options.sampling.num_predict) options_["num_predict"] = *options.sampling.num_predict;
  if (options.keep_alive) keep_alive_ = *options.keep_alive;
}

json Conversation::request() const {
  json body = {{"model", model_}, {"stream", true}};
  if (!options_.empty()) body["options"] = options_;
  if (!keep_alive_.is_null()) body["keep_alive"] = keep_alive_;
  return body;
}

Result<AnswerStats> Conversation::ask_once(std::string_view prompt, FunctionRef<bool(std::string_view)> on_text,
                                           load::KeepGoing keep_going) {
  json body = request();
  body["prompt"] = prompt;
  if (!(raw_ && prompt.empty())) {
    if (raw_) body["raw"] = true;
    if (!system_.empty()) body["system"] = system_;
    return stream_answer(endpoint_, "/api/generate", body, on_text, keep_going);
  }
  return ask_from_nothing(on_text, keep_going);
}

// To the native endpoint an empty prompt means "load the model"; to OpenAI's it is a prompt, with other defaults.
Result<AnswerStats> Conversation::ask_from_nothing(FunctionRef<bool(std::string_view)> on_text,
                                                   load::KeepGoing keep_going) {
  QUIRE_TRY(const json shown, call_json(endpoint_, "POST", "/api/show", {{"model", model_}}));
  const json info = shown.is_object() ? shown.value("model_info", json::object()) : json::object();
  // A SentencePiece vocabulary begins each word with a space; as a text of its own it is shown without.
  bool drops_space = text_at(info, "tokenizer.ggml.model") == "llama";
  json body = {{"model", model_},    {"stream", true}, {"prompt", ""},
               {"temperature", 0.8}, {"top_p", 0.9},   {"top_k", 40}};
  for (const auto& [name, value] : options_.items()) body[name == "num_predict" ? "max_tokens" : name] = value;
  const auto without_space = [&](std::string_view text) {
    if (drops_space && text.starts_with(' ')) text.remove_prefix(1);
    drops_space = false;
    return text.empty() || on_text(text);
  };
  return stream_answer(endpoint_, "/v1/completions", body, without_space, keep_going);
}

Result<AnswerStats> Conversation::say(std::string_view prompt, FunctionRef<bool(std::string_view)> on_text,
                                      load::KeepGoing keep_going) {
  if (raw_) return ask_once(prompt, on_text, keep_going);
  json body = request();
  body["messages"] = json::array();
  if (!system_.empty()) body["messages"].push_back({{"role", "system"}, {"content", system_}});
  for (const json& message : messages_) body["messages"].push_back(message);
  body["messages"].push_back({{"role", "user"}, {"content", prompt}});
  std::string answer;
  const auto keep_text = [&](std::string_view text) {
    answer += text;
    return on_text(text);
  };
  QUIRE_TRY(AnswerStats stats, stream_answer(endpoint_, "/api/chat", body, keep_text, keep_going));
  messages_.push_back({{"role", "user"}, {"content", prompt}});
  messages_.push_back({{"role", "assistant"}, {"content", answer}});
  return stats;
}

Result<void> Conversation::set_parameter(std::string_view name, std::string_view value) {
  if (std::find(parameters.begin(), parameters.end(), name) == parameters.end()) {
    return fail(ErrorKind::invalid,
                fmt::format("'{}' is no parameter; there are {}", name, fmt::join(parameters, ", ")));
  }
  if (name == "stop") {
    options_["stop"].push_back(value);
    return {};
  }
  const json number = json::parse(value, nullptr, false);
  if (!number.is_number()) return fail(ErrorKind::invalid, fmt::format("{}: '{}' is not a number", name, value));
  options_[std::string(name)] = number;
  return {};
}

}  // namespace quire::cli
