#include "api/openai/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "api/gathered_parts.h"
#include "api/json_text.h"
#include "api/openai/logprobs.h"
#include "api/timings.h"
#include "text/utf8.h"

namespace quire::api::openai {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view stream_end = "[DONE]";

// What OpenAI's format has no place for; on the final message of every choice. llama.cpp's clients read the timings.
void put_extras(Json& message, const RequestStats& stats, bool prompt_truncated) {
  message["seed"] = stats.seed;
  message["queue_duration"] = stats.queue_ns;
  message["prompt_eval_cached_count"] = stats.cached_tokens;
  message["timings"] = timings_json(stats);
  if (prompt_truncated) message["prompt_truncated"] = true;
}

class OpenAiWriter final : public AnswerWriter {
 public:
  OpenAiWriter(bool chat, AnswerHead head) : chat_(chat), head_(std::move(head)), choices_(head_.choices) {}

  std::string_view content_type() const override { return head_.stream ? "text/event-stream" : "application/json"; }

  void prompt(size_t index, const PromptLogprobs& logprobs) override {
    std::vector<PositionLogprobs>& known = choices_[index].prompt_logprobs;
    known.insert(known.end(), logprobs.positions.begin(), logprobs.positions.end());
  }

  void delta(size_t index, const AnswerDelta& delta, int64_t, std::string& out) override {
    Choice& choice = choices_[index];
    begin_text(index);
    choice.parts.add(delta.parts, head_.id, index);
    for (const PositionLogprobs& position : delta.logprobs) choice.logprob_sum += position.chosen.logprob;
    choice.tokens += delta.logprobs.size();
    if (head_.wants_logprobs) {
      choice.logprobs.insert(choice.logprobs.end(), delta.logprobs.begin(), delta.logprobs.end());
    }
    if (!head_.stream || (!says_something(choice.parts) && choice.logprobs.empty())) return;
    Json chunk = begin_chunk();
    Json& item = chunk["choices"][0];
    item["index"] = index;
    if (!choice.prompt_sent) put_prompt_logprobs(index, chat_ ? chunk : item);
    if (chat_) {
      item["delta"] = chat_delta(choice);
    } else {
      item["text"] = choice.parts.content;
    }
    put_logprobs(index, item);
    item["finish_reason"] = nullptr;
    if (head_.include_usage) chunk["usage"] = nullptr;
    if (head_.reported.timings_per_token && delta.stats) chunk["timings"] = timings_json(*delta.stats);
    choice.parts.clear();
    put_event(to_text(chunk), out);
  }

  void finish(size_t index, const Finished& finished, const AnswerTimes&, int64_t, std::string& out) override {
    Choice& choice = choices_[index];
    begin_text(index);
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
    put_event(error_body(error), out);
    put_event(stream_end, out);
  }

 private:
  struct Choice {
    bool role_sent = false;
    GatheredParts parts;                     // not sent yet
    std::vector<PositionLogprobs> logprobs;  // not sent yet
    bool text_begun = false;
    std::vector<PositionLogprobs> prompt_logprobs;  // of all but the first token; not sent yet
    bool prompt_sent = false;                       // what is said of them
    double logprob_sum = 0;                         // of so many tokens
    size_t tokens = 0;
    size_t text_offset = 0;
    std::string_view finish_reason;
    RequestStats stats;
  };

  const ShownPrompt& prompt_of(size_t index) const { return head_.shown.prompts[index / head_.choices_per_prompt]; }

  // The prompt before its text, where it is to be there.
  void begin_text(size_t index) {
    Choice& choice = choices_[index];
    if (std::exchange(choice.text_begun, true) || !head_.shown.echo) return;
    choice.parts.content = prompt_of(index).text;
    choice.text_offset = utf8_characters_begun(choice.parts.content);
  }

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
    if (!choice.prompt_sent) put_prompt_logprobs(index, chat_ ? chunk : item);
    if (chat_) {
      // An answer without a token still says whose turn it was.
      item["delta"] = choice.role_sent ? Json::object() : chat_delta(choice);
    } else {
      item["text"] = choice.parts.content;
    }
    put_logprobs(index, item);
    item["finish_reason"] = choice.finish_reason;
    if (head_.include_usage) chunk["usage"] = nullptr;
    put_extras(chunk, choice.stats, head_.prompt_truncated);
    put_event(to_text(chunk), out);
  }

  void finish_stream(std::string& out) const {
    if (head_.include_usage) {
      Json usage = begin_chunk();
      usage["choices"] = Json::array();
      usage["usage"] = usage_json(usage_stats());
      put_event(to_text(usage), out);
    }
    put_event(stream_end, out);
  }

  void finish_whole(std::string& out) {
    Json body = begin(chat_ ? "chat.completion" : "text_completion");
    for (const size_t index : sent_choices()) {
      Choice& choice = choices_[index];
      Json& item = body["choices"].emplace_back();
      item["index"] = body["choices"].size() - 1;
      if (!chat_) put_prompt_logprobs(index, item);
      if (chat_) {
        item["message"] = whole_message(choice.parts);
      } else {
        item["text"] = choice.parts.content;
      }
      put_logprobs(index, item);
      item["finish_reason"] = choice.finish_reason;
    }
    if (chat_) put_prompt_logprobs(0, body);
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
        sum.prompt_ns = std::max(sum.prompt_ns, stats.prompt_ns);
        sum.generate_ns = std::max(sum.generate_ns, stats.generate_ns);
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

  void put_logprobs(size_t index, Json& item) {
    Choice& choice = choices_[index];
    const bool has_prompt = head_.shown.echo && head_.wants_logprobs && !choice.prompt_sent;
    choice.prompt_sent = true;
    if (choice.logprobs.empty() && !has_prompt) {
      item["logprobs"] = nullptr;
      return;
    }
    Json& target = item["logprobs"];
    if (chat_) {
      for (const PositionLogprobs& position : choice.logprobs) target["content"].push_back(logprob_object(position));
    } else {
      target = completion_logprobs();
      if (has_prompt) add_prompt(prompt_of(index), choice.prompt_logprobs, head_.shown.echo_top_n, target);
      add_answer(choice.logprobs, choice.text_offset, target);
    }
    choice.logprobs.clear();
  }

  // vLLM's list, in a choice's first message; of a chat in the answer's, as all choices have one prompt.
  void put_prompt_logprobs(size_t index, Json& target) const {
    if (head_.shown.logprobs_top_n < 0 || (chat_ && index > 0)) return;
    target["prompt_logprobs"] = prompt_logprobs(choices_[index].prompt_logprobs, head_.shown.logprobs_top_n);
  }

  // Of each prompt those that are sent, the likeliest first where not all are: by the mean of their tokens, so that
  // long ones are not behind for their length. One without tokens is behind all others.
  std::vector<size_t> sent_choices() const {
    std::vector<size_t> sent;
    const auto mean = [&](size_t index) {
      const Choice& choice = choices_[index];
      return choice.tokens == 0 ? -std::numeric_limits<double>::infinity()
                                : choice.logprob_sum / static_cast<double>(choice.tokens);
    };
    for (size_t first = 0; first < choices_.size(); first += head_.choices_per_prompt) {
      std::vector<size_t> of_prompt(head_.choices_per_prompt);
      std::iota(of_prompt.begin(), of_prompt.end(), first);
      if (head_.best > 0) std::ranges::stable_sort(of_prompt, std::greater{}, mean);
      if (head_.best > 0) of_prompt.resize(head_.best);
      sent.insert(sent.end(), of_prompt.begin(), of_prompt.end());
    }
    return sent;
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
    ApiError own{error.status, overflow_message(*error.overflow), error.param.empty() ? "messages" : error.param,
                 "context_length_exceeded"};
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
