#include "cli/terminal/answer_stream.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/client.h"

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
  answer.text = message.contains("message") ? text_at(message["message"], "content") : text_at(message, "response");
  answer.done = message.contains("done") && message["done"].is_boolean() && message["done"].get<bool>();
  if (!answer.done) return answer;
  answer.stats = {.done_reason = text_at(message, "done_reason"),
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

Result<AnswerStats> stream_answer(const load::HttpEndpoint& endpoint, std::string_view target, const json& body,
                                  FunctionRef<bool(std::string_view)> on_text, load::KeepGoing keep_going) {
  const load::HttpCall call{.method = "POST", .target = std::string(target), .body = body.dump()};
  AnswerStats stats;
  std::string error;
  bool done = false;
  const auto on_line = [&](size_t, std::string_view text) {
    AnswerLine line = parse_answer_line(text);
    error = std::move(line.error);
    if (line.done) stats = std::move(line.stats);
    done = done || line.done;
    return error.empty() && (line.text.empty() || on_text(line.text));
  };
  const auto replies = load::http_stream(endpoint, {&call, 1}, on_line, keep_going);
  if (!error.empty()) return fail(ErrorKind::internal, error);
  const load::HttpReply& reply = replies[0];
  if (reply.error || (reply.status != 200 && !reply.hung_up)) return std::unexpected(error_of(reply));
  if (reply.hung_up) {
    stats.done_reason = "cancelled";
  } else if (!done) {
    return fail(ErrorKind::io, "the server ended its answer without a last message");
  }
  return stats;
}

}  // namespace quire::cli
