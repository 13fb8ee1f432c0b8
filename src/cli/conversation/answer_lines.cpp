#include "cli/conversation/answer_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/client.h"
#include "cli/terminal/human.h"

namespace quire::cli {
namespace {

using nlohmann::json;

// `text` of the first choice of an OpenAI chunk, or its finish reason.
void read_choice(const json& chunk, AnswerLine& line) {
  const json& choices = chunk["choices"];
  if (!choices.is_array() || choices.empty()) return;
  line.text = text_at(choices[0], "text");
  if (const std::string reason = text_at(choices[0], "finish_reason"); !reason.empty()) {
    line.done = true;
    line.stats.done_reason = reason;
  }
}

}  // namespace

AnswerLine parse_answer_line(std::string_view line) {
  AnswerLine answer;
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("data: ")) line.remove_prefix(6);
  if (line.empty() || line == "[DONE]" || line[0] != '{') return answer;
  const json message = json::parse(line, nullptr, false);
  if (!message.is_object()) {
    answer.error = "the server's answer is not JSON";
    return answer;
  }
  if (message.contains("error")) {
    answer.error = text_at(message, "error", text_at(message["error"], "message", "the server reports an error"));
    return answer;
  }
  if (message.contains("choices")) {
    read_choice(message, answer);
    return answer;
  }
  const bool is_chat = message.contains("message");
  answer.text = is_chat ? text_at(message["message"], "content") : text_at(message, "response");
  answer.thinking = text_at(is_chat ? message["message"] : message, "thinking");
  answer.done = message.contains("done") && message["done"].is_boolean() && message["done"].get<bool>();
  if (!answer.done) return answer;
  answer.stats = {.done_reason = text_at(message, "done_reason"),
                  .prompt_truncated = message.value("prompt_truncated", json()) == json(true),
                  .total_ns = number_at(message, "total_duration", -1),
                  .load_ns = number_at(message, "load_duration", -1),
                  .queue_ns = number_at(message, "queue_duration", -1),
                  .prompt_tokens = number_at(message, "prompt_eval_count", -1),
                  .cached_tokens = number_at(message, "prompt_eval_cached_count", -1),
                  .prompt_ns = number_at(message, "prompt_eval_duration", -1),
                  .generated_tokens = number_at(message, "eval_count", -1),
                  .generate_ns = number_at(message, "eval_duration", -1)};
  return answer;
}

Result<AnswerStats> stream_answer(Client& client, std::string_view target, const json& body, OnAnswer on_answer,
                                  const net::KeepGoing& keep_going) {
  AnswerStats stats;
  std::string error;
  bool done = false;
  const auto on_line = [&](std::string_view text) {
    AnswerLine line = parse_answer_line(text);
    error = std::move(line.error);
    if (line.done) stats = std::move(line.stats);
    done = done || line.done;
    if (!error.empty()) return false;
    return (line.text.empty() && line.thinking.empty()) || on_answer(line.text, line.thinking);
  };
  const Result<void> ended = client.stream(target, body, on_line, keep_going);
  if (!error.empty()) return fail(ErrorKind::internal, error);
  if (!ended && ended.error().kind != ErrorKind::cancelled) return std::unexpected(ended.error());
  if (!ended) {
    stats.done_reason = "cancelled";
  } else if (!done) {
    return fail(ErrorKind::io, "the server ended its answer without a last message");
  }
  return stats;
}

std::string stats_text(const AnswerStats& stats) {
  std::string text;
  const auto add = [&](const char* name, const std::string& value) { text += fmt::format("{:<22}{}\n", name, value); };
  const auto add_time = [&](const char* name, int64_t ns) {
    if (ns > 0) add(name, go_duration(ns));
  };
  const auto add_rate = [&](const char* name, int64_t tokens, int64_t ns) {
    if (ns > 0) {
      const auto count = static_cast<double>(std::max<int64_t>(tokens, 0));
      add(name, fmt::format("{:.2f} tokens/s", count * 1e9 / static_cast<double>(ns)));
    }
  };
  const auto add_count = [&](const char* name, int64_t count) {
    if (count > 0) add(name, fmt::format("{} token(s)", count));
  };
  add_time("total duration:", stats.total_ns);
  add_time("load duration:", stats.load_ns);
  add_time("queue duration:", stats.queue_ns);
  add_count("prompt eval count:", stats.prompt_tokens);
  add_count("prompt eval cached:", stats.cached_tokens);
  add_time("prompt eval duration:", stats.prompt_ns);
  add_rate("prompt eval rate:", stats.prompt_tokens - std::max<int64_t>(0, stats.cached_tokens), stats.prompt_ns);
  add_count("eval count:", stats.generated_tokens);
  add_time("eval duration:", stats.generate_ns);
  add_rate("eval rate:", stats.generated_tokens, stats.generate_ns);
  return text;
}

}  // namespace quire::cli
