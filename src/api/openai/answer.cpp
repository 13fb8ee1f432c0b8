#include "api/openai/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/gathered_parts.h"
#include "api/json_text.h"
#include "text/utf8.h"

namespace quire::api::openai {
namespace {

using Json = nlohmann::ordered_json;

// What OpenAI's format has no place for; on the final message of every choice.
void put_extras(Json& message, const RequestStats& stats, bool prompt_truncated) {
  message["seed"] = stats.seed;
  message["queue_duration"] = stats.queue_ns;
  message["prompt_eval_cached_count"] = stats.cached_tokens;
  if (prompt_truncated) message["prompt_truncated"] = true;
}

// A token's text; bytes that are no whole characters as OpenAI writes them, "bytes:\\xe2\\x80": two such tokens would
// be one key otherwise.
std::string token_name(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t size = utf8_character_size(text, at);
    if (size == 0) {
      std::string name = "bytes:";
      for (const char c : text) name += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      return name;
    }
    at += size;
  }
  return std::string(text);
}

// How many characters begin in it: continuation bytes belong to one that began before.
size_t characters_begun(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

class OpenAiWriter final : public AnswerWriter {
 public:
  OpenAiWriter(bool chat, AnswerHead head) : chat_(chat), head_(std::move(head)), choices_(head_.choices) {}

  std::string_view content_type() const override { return head_.stream ? "text/event-stream" : "application/json"; }

  void delta(size_t index, const AnswerDelta& delta, int64_t, std::string& out) override {
    Choice& choice = choices_[index];
    choice.parts.add(delta.parts, head_.id, index);
    if (head_.wants_logprobs) {
      choice.logprobs.insert(choice.logprobs.end(), delta.logprobs.begin(), delta.logprobs.end());
    }
    if (!head_.stream || (!says_something(choice.parts) && choice.logprobs.empty())) return;
    Json chunk = begin_chunk();
    Json& item = chunk["choices"][0];
    item["index"] = index;
    if (chat_) {
      item["delta"] = chat_delta(choice);
    } else {
      item["text"] = choice.parts.content;
    }
    put_logprobs(choice, item);
    item["finish_reason"] = nullptr;
    if (head_.include_usage) chunk["usage"] = nullptr;
    choice.parts.clear();
    event(chunk, out);
  }

  void finish(size_t index, const Finished& finished, const AnswerTimes&, int64_t, std::string& out) override {
    Choice& choice = choices_[index];
    const bool calls = choice.parts.has_called && finished.reason == FinishReason::stop;
    choice.finish_reason = calls ? "tool_calls" : finish_text(finished.reason);
    choice.stats = finished.stats;
    ++ended_;
    if (head_.stream) finish_choice(index, out);
    if (ended_ < choices_.size()) return;
    if (head_.stream) {
      finish_stream(out);
    } else {
      finish_whole(out);
    }
  }

  void fail(const ApiError& error, bool after_first_byte, std::string& out) override {
    if (!after_first_byte) {
      out += error_body(error);
      return;
    }
    out += "data: ";
    out += error_body(error);
    out += "\n\ndata: [DONE]\n\n";
  }

 private:
  struct Choice {
    bool role_sent = false;
    GatheredParts parts;                     // not sent yet
    std::vector<PositionLogprobs> logprobs;  // not sent yet
    size_t text_offset = 0;
    std::string_view finish_reason;
    RequestStats stats;
  };

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

  Json begin_chunk() const { return begin(chat_ ? "chat.completion.chunk" : "text_completion"); }

  // The end of a call has no place in a stream.
  static bool says_something(const GatheredParts& parts) {
    return parts.has_text() || std::ranges::any_of(parts.calls, [](const GatheredCall& call) {
             return call.begins || !call.arguments.empty();
           });
  }

  // Under the two names that clients look for: DeepSeek's, and OpenRouter's and Ollama's.
  static void put_thinking(Json& target, const std::string& thinking) {
    if (thinking.empty()) return;
    target["reasoning_content"] = thinking;
    target["reasoning"] = thinking;
  }

  static Json chat_delta(Choice& choice) {
    Json delta;
    const bool first = !std::exchange(choice.role_sent, true);
    if (first) delta["role"] = "assistant";
    put_thinking(delta, choice.parts.thinking);
    const bool other = !choice.parts.thinking.empty() || !choice.parts.calls.empty();
    if (!choice.parts.content.empty() || !other) delta["content"] = choice.parts.content;
    for (const GatheredCall& call : choice.parts.calls) {
      Json function = Json::object();
      if (call.begins) function["name"] = call.name;
      function["arguments"] = call.arguments;
      Json& item = delta["tool_calls"].emplace_back(Json{{"index", call.call}});
      if (call.begins) {
        item["id"] = call.id;
        item["type"] = "function";
      }
      item["function"] = std::move(function);
    }
    return delta;
  }

  static Json whole_message(const GatheredParts& parts) {
    Json message = {{"role", "assistant"}, {"content", parts.content}, {"refusal", nullptr}};
    if (parts.content.empty() && !parts.calls.empty()) message["content"] = nullptr;
    put_thinking(message, parts.thinking);
    for (const GatheredCall& call : parts.calls) {
      message["tool_calls"].push_back(
          {{"id", call.id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
    }
    return message;
  }

  void finish_choice(size_t index, std::string& out) {
    Choice& choice = choices_[index];
    Json chunk = begin_chunk();
    Json& item = chunk["choices"][0];
    item["index"] = index;
    if (chat_) {
      // An answer without a token still says whose turn it was.
      item["delta"] = choice.role_sent ? Json::object() : chat_delta(choice);
    } else {
      item["text"] = "";
    }
    put_logprobs(choice, item);
    item["finish_reason"] = choice.finish_reason;
    if (head_.include_usage) chunk["usage"] = nullptr;
    put_extras(chunk, choice.stats, head_.prompt_truncated);
    event(chunk, out);
  }

  void finish_stream(std::string& out) const {
    if (head_.include_usage) {
      Json usage = begin_chunk();
      usage["choices"] = Json::array();
      usage["usage"] = usage_json(usage_stats());
      event(usage, out);
    }
    out += "data: [DONE]\n\n";
  }

  void finish_whole(std::string& out) {
    Json body = begin(chat_ ? "chat.completion" : "text_completion");
    for (size_t index = 0; index < choices_.size(); ++index) {
      Choice& choice = choices_[index];
      Json& item = body["choices"].emplace_back();
      item["index"] = index;
      if (chat_) {
        item["message"] = whole_message(choice.parts);
      } else {
        item["text"] = choice.parts.content;
      }
      put_logprobs(choice, item);
      item["finish_reason"] = choice.finish_reason;
    }
    const RequestStats stats = usage_stats();
    body["usage"] = usage_json(stats);
    put_extras(body, stats, head_.prompt_truncated);
    out += to_text(body);
  }

  // Of the whole response. A prompt counts once however many choices it has, and as cached what was so for all of them:
  // the choice that computed the rest is the one that it cost something.
  RequestStats usage_stats() const {
    RequestStats sum{.seed = choices_.front().stats.seed};
    for (size_t first = 0; first < choices_.size(); first += head_.choices_per_prompt) {
      int64_t cached = choices_[first].stats.cached_tokens;
      for (size_t index = first; index < first + head_.choices_per_prompt; ++index) {
        const RequestStats& stats = choices_[index].stats;
        cached = std::min(cached, stats.cached_tokens);
        sum.generated_tokens += stats.generated_tokens;
        sum.queue_ns = std::max(sum.queue_ns, stats.queue_ns);
      }
      sum.prompt_tokens += choices_[first].stats.prompt_tokens;
      sum.cached_tokens += cached;
    }
    return sum;
  }

  static Json usage_json(const RequestStats& stats) {
    return {{"prompt_tokens", stats.prompt_tokens},
            {"completion_tokens", stats.generated_tokens},
            {"total_tokens", stats.prompt_tokens + stats.generated_tokens},
            {"prompt_tokens_details", {{"cached_tokens", stats.cached_tokens}}},
            {"queue_duration", stats.queue_ns},
            {"seed", stats.seed}};
  }

  void put_logprobs(Choice& choice, Json& item) const {
    if (choice.logprobs.empty()) {
      item["logprobs"] = nullptr;
      return;
    }
    Json& target = item["logprobs"];
    if (chat_) {
      for (const PositionLogprobs& position : choice.logprobs) target["content"].push_back(logprob_object(position));
    } else {
      put_completion_logprobs(choice, target);
    }
    choice.logprobs.clear();
  }

  // Four parallel arrays: the older format of /v1/completions.
  static void put_completion_logprobs(Choice& choice, Json& target) {
    target = {{"tokens", Json::array()},
              {"token_logprobs", Json::array()},
              {"top_logprobs", Json::array()},
              {"text_offset", Json::array()}};
    for (const PositionLogprobs& position : choice.logprobs) {
      target["tokens"].push_back(token_name(position.chosen.text));
      target["token_logprobs"].push_back(position.chosen.logprob);
      target["text_offset"].push_back(choice.text_offset);
      choice.text_offset += characters_begun(position.chosen.text);
      Json top = Json::object();
      for (const TokenLogprob& token : position.top) top[token_name(token.text)] = token.logprob;
      target["top_logprobs"].push_back(std::move(top));
    }
  }

  static void event(const Json& chunk, std::string& out) {
    out += "data: ";
    out += to_text(chunk);
    out += "\n\n";
  }

  const bool chat_;
  const AnswerHead head_;
  std::vector<Choice> choices_;
  size_t ended_ = 0;
};

const char* error_type(int status) {
  if (status == 404) return "not_found_error";
  // 503 is nobody's mistake: OpenAI's clients retry what is called api_error.
  return status >= 400 && status < 500 ? "invalid_request_error" : "api_error";
}

// OpenAI's own sentence, which client libraries look for: they shorten the conversation and try again.
std::string overflow_message(const ContextOverflow& overflow) {
  return fmt::format(
      "This model's maximum context length is {} tokens. However, your messages resulted in {}{} tokens. "
      "Please reduce the length of the messages.",
      overflow.context_tokens, overflow.at_least ? "at least " : "", overflow.prompt_tokens);
}

}  // namespace

std::string error_body(const ApiError& error) {
  if (error.overflow) {
    ApiError own{error.status, overflow_message(*error.overflow), "messages", "context_length_exceeded"};
    return error_body(own);
  }
  const auto text_or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  return to_text({{"error",
                   {{"message", error.message},
                    {"type", error_type(error.status)},
                    {"param", text_or_null(error.param)},
                    {"code", text_or_null(error.reason)}}}});
}

std::unique_ptr<AnswerWriter> make_completions_writer(AnswerHead head) {
  return std::make_unique<OpenAiWriter>(false, std::move(head));
}

std::unique_ptr<AnswerWriter> make_chat_completions_writer(AnswerHead head) {
  return std::make_unique<OpenAiWriter>(true, std::move(head));
}

}  // namespace quire::api::openai
