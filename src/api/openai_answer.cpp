#include <nlohmann/json.hpp>

#include "api/answer.h"
#include "api/answer_formats.h"
#include "api/json_text.h"

namespace quire::api {
namespace {

using Json = nlohmann::ordered_json;

Json usage_of(const RequestStats& stats) {
  return {{"prompt_tokens", stats.prompt_tokens},
          {"completion_tokens", stats.generated_tokens},
          {"total_tokens", stats.prompt_tokens + stats.generated_tokens},
          {"prompt_tokens_details", {{"cached_tokens", stats.cached_tokens}}},
          {"queue_duration", stats.queue_ns},
          {"seed", stats.seed}};
}

// What OpenAI's format has no place for; on the final message of every answer.
void put_extras(Json& message, const RequestStats& stats) {
  message["seed"] = stats.seed;
  message["queue_duration"] = stats.queue_ns;
  message["prompt_eval_cached_count"] = stats.cached_tokens;
}

class OpenAiWriter final : public AnswerWriter {
 public:
  explicit OpenAiWriter(AnswerHead head) : head_(std::move(head)), chat_(head_.endpoint == Endpoint::chat_completions) {}

  std::string_view content_type() const override { return head_.stream ? "text/event-stream" : "application/json"; }

  void delta(const TextDelta& delta, int64_t, std::string& out) override {
    text_ += delta.text;
    if (head_.wants_logprobs) {
      logprobs_.insert(logprobs_.end(), delta.logprobs.begin(), delta.logprobs.end());
    }
    if (!head_.stream || (text_.empty() && logprobs_.empty())) return;
    Json chunk = begin_chunk();
    Json& choice = chunk["choices"][0];
    if (chat_) {
      choice["delta"] = chat_delta(text_);
    } else {
      choice["text"] = text_;
    }
    put_logprobs(choice);
    choice["finish_reason"] = nullptr;
    if (head_.include_usage) chunk["usage"] = nullptr;
    text_.clear();
    event(chunk, out);
  }

  void finish(const Finished& finished, const AnswerTimes&, int64_t, std::string& out) override {
    if (!head_.stream) return finish_whole(finished, out);
    Json chunk = begin_chunk();
    Json& choice = chunk["choices"][0];
    if (chat_) {
      // An answer without a token still says whose turn it was.
      choice["delta"] = role_sent_ ? Json::object() : chat_delta("");
    } else {
      choice["text"] = "";
    }
    put_logprobs(choice);
    choice["finish_reason"] = finish_text(finished.reason);
    if (head_.include_usage) chunk["usage"] = nullptr;
    put_extras(chunk, finished.stats);
    event(chunk, out);
    if (head_.include_usage) {
      Json usage = begin_chunk();
      usage["choices"] = Json::array();
      usage["usage"] = usage_of(finished.stats);
      event(usage, out);
    }
    out += "data: [DONE]\n\n";
  }

  void fail(const ApiError& error, bool after_first_byte, std::string& out) override {
    if (!after_first_byte) {
      out += error_body(Dialect::openai, error);
      return;
    }
    out += "data: ";
    out += error_body(Dialect::openai, error);
    out += "\n\ndata: [DONE]\n\n";
  }

 private:
  Json begin(const char* object) const {
    Json body;
    body["id"] = head_.id;
    body["object"] = object;
    body["created"] = head_.created_unix_s;
    body["model"] = head_.model;
    body["system_fingerprint"] = "fp_quire";
    if (!head_.service_tier.empty()) body["service_tier"] = head_.service_tier;
    return body;
  }

  Json begin_chunk() const {
    Json chunk = begin(chat_ ? "chat.completion.chunk" : "text_completion");
    chunk["choices"][0]["index"] = 0;
    return chunk;
  }

  Json chat_delta(const std::string& text) {
    Json delta;
    if (!role_sent_) delta["role"] = "assistant";
    role_sent_ = true;
    delta["content"] = text;
    return delta;
  }

  void finish_whole(const Finished& finished, std::string& out) {
    Json body = begin(chat_ ? "chat.completion" : "text_completion");
    Json& choice = body["choices"][0];
    choice["index"] = 0;
    if (chat_) {
      choice["message"] = {{"role", "assistant"}, {"content", text_}};
    } else {
      choice["text"] = text_;
    }
    put_logprobs(choice);
    choice["finish_reason"] = finish_text(finished.reason);
    body["usage"] = usage_of(finished.stats);
    put_extras(body, finished.stats);
    out += to_text(body);
  }

  void put_logprobs(Json& choice) {
    if (logprobs_.empty()) {
      choice["logprobs"] = nullptr;
      return;
    }
    Json& target = choice["logprobs"];
    if (chat_) {
      for (const PositionLogprobs& position : logprobs_) target["content"].push_back(logprob_object(position));
    } else {
      put_completion_logprobs(target);
    }
    logprobs_.clear();
  }

  // Four parallel arrays: the older format of /v1/completions.
  void put_completion_logprobs(Json& target) {
    target = {{"tokens", Json::array()}, {"token_logprobs", Json::array()}, {"top_logprobs", Json::array()},
              {"text_offset", Json::array()}};
    for (const PositionLogprobs& position : logprobs_) {
      target["tokens"].push_back(position.chosen.text);
      target["token_logprobs"].push_back(position.chosen.logprob);
      target["text_offset"].push_back(text_offset_);
      text_offset_ += position.chosen.text.size();
      Json top = Json::object();
      for (const TokenLogprob& token : position.top) top[token.text] = token.logprob;
      target["top_logprobs"].push_back(std::move(top));
    }
  }

  static void event(const Json& chunk, std::string& out) {
    out += "data: ";
    out += to_text(chunk);
    out += "\n\n";
  }

  const AnswerHead head_;
  const bool chat_;
  bool role_sent_ = false;
  std::string text_;                        // not sent yet
  std::vector<PositionLogprobs> logprobs_;  // not sent yet
  size_t text_offset_ = 0;
};

}  // namespace

std::unique_ptr<AnswerWriter> make_openai_writer(AnswerHead head) {
  return std::make_unique<OpenAiWriter>(std::move(head));
}

}  // namespace quire::api
