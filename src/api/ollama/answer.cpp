#include "api/ollama/answer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/duration.h"
#include "api/gathered_parts.h"
#include "api/json_text.h"
#include "api/ollama/dialect.h"

namespace quire::api::ollama {
namespace {

using Json = nlohmann::ordered_json;

enum class Form : uint8_t { generate, chat };

// {"model", "created_at"}: how every message of a native answer begins.
Json message_head(const std::string& model, int64_t unix_ns) {
  return {{"model", model}, {"created_at", rfc3339_ns(unix_ns)}};
}

Json calls_json(const std::vector<GatheredCall>& calls) {
  Json list = Json::array();
  for (const GatheredCall& call : calls) {
    list.push_back(
        {{"id", call.id},
         {"function", {{"index", call.call}, {"name", call.name}, {"arguments", arguments_object(call.arguments)}}}});
  }
  return list;
}

// "response" or "message", with what goes with it.
void put_parts(Json& message, Form form, std::string text, std::string thinking,
               const std::vector<GatheredCall>& calls) {
  if (form == Form::chat) {
    message["message"] = {{"role", "assistant"}, {"content", std::move(text)}};
  } else {
    message["response"] = std::move(text);
  }
  Json& target = form == Form::chat ? message["message"] : message;
  if (!thinking.empty()) target["thinking"] = std::move(thinking);
  if (!calls.empty()) target["tool_calls"] = calls_json(calls);
}

void put_metrics(Json& message, const RequestStats& stats, const AnswerTimes& times) {
  message["total_duration"] = times.total_ns;
  message["load_duration"] = times.load_ns;
  message["queue_duration"] = stats.queue_ns;
  message["prompt_eval_count"] = stats.prompt_tokens;
  message["prompt_eval_cached_count"] = stats.cached_tokens;
  message["prompt_eval_duration"] = stats.prompt_ns;
  message["eval_count"] = stats.generated_tokens;
  message["eval_duration"] = stats.generate_ns;
  message["seed"] = stats.seed;
}

class OllamaWriter final : public AnswerWriter {
 public:
  OllamaWriter(Form form, AnswerHead head) : form_(form), head_(std::move(head)) {}

  std::string_view content_type() const override {
    return head_.stream ? "application/x-ndjson" : "application/json; charset=utf-8";
  }

  // A call is sent when it is whole, as Ollama's clients expect.
  void delta(size_t choice, const AnswerDelta& delta, int64_t unix_ns, std::string& out) override {
    if (head_.wants_context) head_.prompt.insert(head_.prompt.end(), delta.tokens.begin(), delta.tokens.end());
    parts_.add(delta.parts, head_.id, choice);
    if (head_.wants_logprobs) {
      for (const PositionLogprobs& position : delta.logprobs) logprobs_.push_back(logprob_object(position));
    }
    const bool has_call = std::ranges::any_of(parts_.calls, &GatheredCall::ended);
    if (!head_.stream || (!parts_.has_text() && !has_call && logprobs_.empty())) return;
    Json message = take_message(unix_ns);
    message["done"] = false;
    put_logprobs(message);
    out += to_text(message);
    out += '\n';
  }

  void finish(size_t, const Finished& finished, const AnswerTimes& times, int64_t unix_ns, std::string& out) override {
    Json message = take_message(unix_ns);
    message["done"] = true;
    message["done_reason"] = finish_text(finished.reason);
    put_logprobs(message);
    if (head_.wants_context) message["context"] = head_.prompt;
    put_metrics(message, finished.stats, times);
    if (head_.prompt_truncated) message["prompt_truncated"] = true;
    out += to_text(message);
    if (head_.stream) out += '\n';
  }

  void fail(const ApiError& error, bool after_first_byte, std::string& out) override {
    out += dialect.error_body(error);
    if (after_first_byte) out += '\n';
  }

 private:
  Json take_message(int64_t unix_ns) {
    Json message = message_head(head_.model, unix_ns);
    const std::vector<GatheredCall> calls = parts_.take_ended();
    put_parts(message, form_, std::exchange(parts_.content, {}), std::exchange(parts_.thinking, {}), calls);
    return message;
  }

  void put_logprobs(Json& message) {
    if (logprobs_.empty()) return;
    message["logprobs"] = std::move(logprobs_);
    logprobs_ = Json::array();
  }

  const Form form_;
  AnswerHead head_;
  GatheredParts parts_;  // not sent yet
  Json logprobs_ = Json::array();
};

std::string load_answer(Form form, const std::string& model, std::string_view done_reason, int64_t unix_ns,
                        const AnswerTimes& times) {
  Json message = message_head(model, unix_ns);
  put_parts(message, form, "", "", {});
  message["done"] = true;
  message["done_reason"] = done_reason;
  message["total_duration"] = times.total_ns;
  message["load_duration"] = times.load_ns;
  return to_text(message);
}

std::string debug_answer(Form form, const std::string& model, const std::string& prompt, int64_t unix_ns) {
  Json message = message_head(model, unix_ns);
  put_parts(message, form, "", "", {});
  message["done"] = false;
  message["_debug_info"] = {{"rendered_template", prompt}};
  return to_text(message);
}

}  // namespace

std::unique_ptr<AnswerWriter> make_generate_writer(AnswerHead head) {
  return std::make_unique<OllamaWriter>(Form::generate, std::move(head));
}

std::unique_ptr<AnswerWriter> make_chat_writer(AnswerHead head) {
  return std::make_unique<OllamaWriter>(Form::chat, std::move(head));
}

std::string generate_load_answer(const std::string& model, std::string_view done_reason, int64_t unix_ns,
                                 const AnswerTimes& times) {
  return load_answer(Form::generate, model, done_reason, unix_ns, times);
}

std::string generate_debug_answer(const std::string& model, const std::string& prompt, int64_t unix_ns) {
  return debug_answer(Form::generate, model, prompt, unix_ns);
}

std::string chat_debug_answer(const std::string& model, const std::string& prompt, int64_t unix_ns) {
  return debug_answer(Form::chat, model, prompt, unix_ns);
}

std::string chat_load_answer(const std::string& model, std::string_view done_reason, int64_t unix_ns,
                             const AnswerTimes& times) {
  return load_answer(Form::chat, model, done_reason, unix_ns, times);
}

}  // namespace quire::api::ollama
