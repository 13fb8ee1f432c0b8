#include "cli/conversation/conversation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "base/shown.h"
#include "store/model_name.h"

namespace quire::cli {
namespace {

using nlohmann::json;

enum class ParameterKind : uint8_t { whole, number, flag, texts };

struct Parameter {
  std::string_view name;
  ParameterKind kind;
  double min = 0, max = 0;
};

constexpr double whole_max = 2147483647;
constexpr double seed_max = 9007199254740992;  // 2^53: beyond it JSON's numbers are not whole
constexpr double number_max = 1e6;
constexpr std::array known_parameters = {
    Parameter{"temperature", ParameterKind::number, -1, number_max},
    Parameter{"top_k", ParameterKind::whole, -1, whole_max},
    Parameter{"top_p", ParameterKind::number, 0, 1},
    Parameter{"min_p", ParameterKind::number, 0, 1},
    Parameter{"typical_p", ParameterKind::number, 0, 1},
    Parameter{"seed", ParameterKind::whole, -seed_max, seed_max},
    Parameter{"num_ctx", ParameterKind::whole, 0, whole_max},
    Parameter{"num_predict", ParameterKind::whole, -2, whole_max},
    Parameter{"num_keep", ParameterKind::whole, -1, whole_max},
    Parameter{"num_batch", ParameterKind::whole, 0, whole_max},
    Parameter{"num_gpu", ParameterKind::whole, -1, whole_max},
    Parameter{"main_gpu", ParameterKind::whole, 0, whole_max},
    Parameter{"num_thread", ParameterKind::whole, 0, whole_max},
    Parameter{"use_mmap", ParameterKind::flag},
    Parameter{"repeat_penalty", ParameterKind::number, 0, number_max},
    Parameter{"repeat_last_n", ParameterKind::whole, -1, whole_max},
    Parameter{"presence_penalty", ParameterKind::number, -number_max, number_max},
    Parameter{"frequency_penalty", ParameterKind::number, -number_max, number_max},
    Parameter{"stop", ParameterKind::texts},
};

Result<json> parse_number(const Parameter& parameter, const std::string& text) {
  const bool whole = parameter.kind == ParameterKind::whole;
  const json number = json::parse(text, nullptr, false);
  const bool fits = whole ? number.is_number_integer() : number.is_number();
  const double value = fits ? number.get<double>() : 0;
  if (!fits || !std::isfinite(value) || value < parameter.min || value > parameter.max) {
    return fail(ErrorKind::invalid, fmt::format("{}: '{}' is not a {}number from {} to {}", parameter.name, text,
                                                whole ? "whole " : "", parameter.min, parameter.max));
  }
  return number;
}

constexpr std::array<std::string_view, 4> picture_extensions = {".png", ".jpg", ".jpeg", ".webp"};

}  // namespace

Result<void> refuse_pictures(std::string_view message) {
  std::istringstream words{std::string(message)};
  for (std::string word; words >> word;) {
    constexpr std::string_view around = "'\"`,;:?!()";
    const size_t begin = word.find_first_not_of(around);
    if (begin == std::string::npos) continue;
    const std::string path = word.substr(begin, word.find_last_not_of(around) + 1 - begin);
    const std::string extension = lower_case(std::filesystem::path(path).extension().native());
    std::error_code ignored;
    if (path.find('/') != std::string::npos &&
        std::ranges::find(picture_extensions, extension) != picture_extensions.end() &&
        std::filesystem::exists(path, ignored)) {
      return fail(ErrorKind::unsupported, fmt::format("pictures are not supported yet: {}", shown(path)));
    }
  }
  return {};
}

Result<Conversation> Conversation::begin(Client& client, std::string model, const RunOptions& options) {
  Conversation conversation(client, std::move(model));
  conversation.raw_ = options.raw;
  conversation.system_ = options.system;
  json& sampling = conversation.options_;
  if (options.sampling.temperature) sampling["temperature"] = *options.sampling.temperature;
  if (options.sampling.seed) sampling["seed"] = *options.sampling.seed;
  if (options.sampling.num_predict) sampling["num_predict"] = *options.sampling.num_predict;
  if (options.keep_alive) conversation.keep_alive_ = *options.keep_alive;
  QUIRE_TRY_VOID(conversation.set_format(options.format));
  if (!options.think.empty()) QUIRE_TRY_VOID(conversation.set_think(options.think));
  return conversation;
}

json Conversation::request() const {
  json body = {{"model", model_}, {"stream", true}};
  if (!options_.empty()) body["options"] = options_;
  if (!keep_alive_.is_null()) body["keep_alive"] = keep_alive_;
  if (!format_.is_null()) body["format"] = format_;
  if (!think_.is_null()) body["think"] = think_;
  return body;
}

Result<AnswerStats> Conversation::ask_once(std::string_view prompt, OnAnswer on_answer,
                                           const net::KeepGoing& keep_going) {
  json body = request();
  body["prompt"] = prompt;
  if (!(raw_ && prompt.empty())) {
    if (raw_) body["raw"] = true;
    if (!system_.empty()) body["system"] = system_;
    return stream_answer(*client_, "/api/generate", body, on_answer, keep_going);
  }
  return ask_from_nothing(on_answer, keep_going);
}

// To the native endpoint an empty prompt means "load the model"; to OpenAI's it is a prompt, with other defaults.
Result<AnswerStats> Conversation::ask_from_nothing(OnAnswer on_answer, const net::KeepGoing& keep_going) {
  QUIRE_TRY(const json shown, client_->call("POST", "/api/show", {{"model", model_}}));
  const json info = shown.value("model_info", json());
  // A SentencePiece vocabulary begins each word with a space; as a text of its own it is shown without.
  bool drops_space = text_at(info, "tokenizer.ggml.model") == "llama";
  json body = {{"model", model_},    {"stream", true}, {"prompt", ""},
               {"temperature", 0.8}, {"top_p", 0.9},   {"top_k", 40}};
  for (const auto& [name, value] : options_.items()) body[name == "num_predict" ? "max_tokens" : name] = value;
  const auto without_space = [&](std::string_view text, std::string_view thinking) {
    if (drops_space && text.starts_with(' ')) text.remove_prefix(1);
    drops_space = false;
    return text.empty() || on_answer(text, thinking);
  };
  return stream_answer(*client_, "/v1/completions", body, without_space, keep_going);
}

Result<AnswerStats> Conversation::say(std::string_view prompt, OnAnswer on_answer, const net::KeepGoing& keep_going) {
  if (raw_) return ask_once(prompt, on_answer, keep_going);
  json body = request();
  body["messages"] = json::array();
  if (!system_.empty()) body["messages"].push_back({{"role", "system"}, {"content", system_}});
  for (const json& message : messages_) body["messages"].push_back(message);
  body["messages"].push_back({{"role", "user"}, {"content", prompt}});
  std::string answer;
  const auto keep_text = [&](std::string_view text, std::string_view thinking) {
    answer += text;
    return on_answer(text, thinking);
  };
  QUIRE_TRY(AnswerStats stats, stream_answer(*client_, "/api/chat", body, keep_text, keep_going));
  if (answer.empty() && stats.done_reason == "cancelled") return stats;
  messages_.push_back({{"role", "user"}, {"content", prompt}});
  messages_.push_back({{"role", "assistant"}, {"content", answer}});
  return stats;
}

Result<void> Conversation::load(const net::KeepGoing& keep_going) {
  json body = {{"model", model_}, {"stream", false}};
  if (!keep_alive_.is_null()) body["keep_alive"] = keep_alive_;
  if (!think_.is_null()) body["think"] = think_;
  QUIRE_TRY_VOID(client_->call("POST", "/api/generate", body, {.keep_going = keep_going}));
  return {};
}

Result<void> Conversation::save(std::string_view name) {
  json body = {{"model", name}, {"from", model_}};
  if (!system_.empty()) body["system"] = system_;
  if (!options_.empty()) body["parameters"] = options_;
  if (!messages_.empty()) body["messages"] = messages_;
  std::string error;
  const auto read = [&](std::string_view line) {
    const json progress = json::parse(line, nullptr, false);
    error = text_at(progress, "error");
    return error.empty();
  };
  const Result<void> ended = client_->stream("/api/create", body, read, {});
  if (!error.empty()) return fail(ErrorKind::invalid, error);
  return ended;
}

void Conversation::change_model(std::string model) {
  model_ = std::move(model);
  forget();
}

Result<void> Conversation::set_format(std::string_view text) {
  if (text.empty()) {
    format_ = nullptr;
  } else if (text == "json") {
    format_ = "json";
  } else {
    json schema = json::parse(text, nullptr, false);
    if (!schema.is_object()) {
      return fail(ErrorKind::invalid, fmt::format("format '{}': expected json, or a JSON schema", text));
    }
    format_ = std::move(schema);
  }
  return {};
}

Result<void> Conversation::set_think(std::string_view text) {
  if (text == "true" || text == "false") {
    think_ = text == "true";
  } else if (std::ranges::find(think_levels, text) != think_levels.end()) {
    think_ = text;
  } else {
    return fail(ErrorKind::invalid,
                fmt::format("think '{}': expected true, false or {}", text, fmt::join(think_levels, ", ")));
  }
  return {};
}

Result<void> Conversation::set_parameter(std::string_view name, const std::vector<std::string>& values) {
  const auto found = std::find_if(known_parameters.begin(), known_parameters.end(),
                                  [&](const Parameter& one) { return one.name == name; });
  if (found == known_parameters.end()) return fail(ErrorKind::invalid, fmt::format("unknown parameter '{}'", name));
  if (values.empty()) return fail(ErrorKind::invalid, fmt::format("{}: a value is missing", name));
  const std::string key(name);
  if (found->kind == ParameterKind::texts) {
    options_[key] = values;
    return {};
  }
  if (values.size() > 1) return fail(ErrorKind::invalid, fmt::format("{} has one value", name));
  if (found->kind == ParameterKind::flag) {
    if (values[0] != "true" && values[0] != "false") {
      return fail(ErrorKind::invalid, fmt::format("{}: '{}' is neither true nor false", name, values[0]));
    }
    options_[key] = values[0] == "true";
    return {};
  }
  QUIRE_TRY(options_[key], parse_number(*found, values[0]));
  return {};
}

}  // namespace quire::cli
