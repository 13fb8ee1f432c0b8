#include "api/ollama/answer.h"

#include <nlohmann/json.hpp>

#include "api/duration.h"
#include "api/json_text.h"
#include "api/ollama/dialect.h"

namespace quire::api::ollama {
namespace {

using Json = nlohmann::ordered_json;

enum class Form : uint8_t { generate, chat };

// {"model", "created_at", "response" or "message"}: how every message of a native answer begins.
Json message_head(Form form, const std::string& model, const std::string& text, int64_t unix_ns) {
  Json message;
  message["model"] = model;
  message["created_at"] = rfc3339_ns(unix_ns);
  if (form == Form::chat) {
    message["message"] = {{"role", "assistant"}, {"content", text}};
  } else {
    message["response"] = text;
  }
  return message;
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

  void delta(size_t, const TextDelta& delta, int64_t unix_ns, std::string& out) override {
    if (head_.wants_context) head_.prompt.insert(head_.prompt.end(), delta.tokens.begin(), delta.tokens.end());
    text_ += delta.text;
    if (head_.wants_logprobs) {
      for (const PositionLogprobs& position : delta.logprobs) logprobs_.push_back(logprob_object(position));
    }
    if (!head_.stream || (text_.empty() && logprobs_.empty())) return;
    Json message = message_head(form_, head_.model, text_, unix_ns);
    message["done"] = false;
    put_logprobs(message);
    text_.clear();
    out += to_text(message);
    out += '\n';
  }

  void finish(size_t, const Finished& finished, const AnswerTimes& times, int64_t unix_ns, std::string& out) override {
    Json message = message_head(form_, head_.model, text_, unix_ns);
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
  void put_logprobs(Json& message) {
    if (logprobs_.empty()) return;
    message["logprobs"] = std::move(logprobs_);
    logprobs_ = Json::array();
  }

  const Form form_;
  AnswerHead head_;
  std::string text_;  // not sent yet
  Json logprobs_ = Json::array();
};

std::string load_answer(Form form, const std::string& model, std::string_view done_reason, int64_t unix_ns,
                        const AnswerTimes& times) {
  Json message = message_head(form, model, "", unix_ns);
  message["done"] = true;
  message["done_reason"] = done_reason;
  message["total_duration"] = times.total_ns;
  message["load_duration"] = times.load_ns;
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

std::string chat_load_answer(const std::string& model, std::string_view done_reason, int64_t unix_ns,
                             const AnswerTimes& times) {
  return load_answer(Form::chat, model, done_reason, unix_ns, times);
}

}  // namespace quire::api::ollama
