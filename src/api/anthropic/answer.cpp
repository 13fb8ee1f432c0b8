#include "api/anthropic/answer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "api/gathered_parts.h"
#include "api/json_text.h"

namespace quire::api::anthropic {
namespace {

using Json = nlohmann::ordered_json;

// Anthropic's clients drop thinking without one from the history; nobody verifies it here.
constexpr const char* signature = "unsigned";

enum class BlockKind : uint8_t { text, thinking, call };

// A piece of an answer's content. In a stream the text is what has not been sent yet.
struct Block {
  BlockKind kind = BlockKind::text;
  std::string text = {};  // of a call: its arguments
  std::string id = {};    // of a call
  std::string name = {};  // of a call
};

Json empty_block(const Block& block) {
  switch (block.kind) {
    case BlockKind::text:
      return {{"type", "text"}, {"text", ""}};
    case BlockKind::thinking:
      return {{"type", "thinking"}, {"thinking", ""}, {"signature", ""}};
    case BlockKind::call:
      break;
  }
  return {{"type", "tool_use"}, {"id", block.id}, {"name", block.name}, {"input", Json::object()}};
}

Json whole_block(const Block& block) {
  Json json = empty_block(block);
  if (block.kind == BlockKind::text) json["text"] = block.text;
  if (block.kind == BlockKind::thinking) {
    json["thinking"] = block.text;
    json["signature"] = signature;
  }
  if (block.kind == BlockKind::call) json["input"] = arguments_object(block.text);
  return json;
}

Json block_delta(const Block& block) {
  switch (block.kind) {
    case BlockKind::text:
      return {{"type", "text_delta"}, {"text", block.text}};
    case BlockKind::thinking:
      return {{"type", "thinking_delta"}, {"thinking", block.text}};
    case BlockKind::call:
      break;
  }
  return {{"type", "input_json_delta"}, {"partial_json", block.text}};
}

class MessagesWriter final : public AnswerWriter {
 public:
  explicit MessagesWriter(AnswerHead head) : head_(std::move(head)) {}

  std::string_view content_type() const override { return head_.stream ? "text/event-stream" : "application/json"; }

  void delta(size_t choice, const AnswerDelta& delta, int64_t, std::string& out) override {
    begin(out);
    for (const parts::Part& part : delta.parts) take(part, choice, out);
    if (head_.stream) send_open(out);
  }

  void finish(size_t, const Finished& finished, const AnswerTimes&, int64_t, std::string& out) override {
    begin(out);
    close(out);
    const bool by_string = finished.reason == FinishReason::stop && !finished.stop_text.empty();
    const bool said = by_string && head_.names_stop;
    Json end = {{"stop_reason", stop_reason(finished.reason, said)}, {"stop_sequence", nullptr}};
    if (said) end["stop_sequence"] = finished.stop_text;
    Json usage =
        usage_json(finished.stats.prompt_tokens, finished.stats.cached_tokens, finished.stats.generated_tokens);
    usage["queue_duration"] = finished.stats.queue_ns;
    usage["seed"] = finished.stats.seed;
    Json message;
    if (head_.stream) {
      message = {{"type", "message_delta"}, {"delta", std::move(end)}};
    } else {
      message = message_json();
      message.update(end);
    }
    message["usage"] = std::move(usage);
    if (head_.prompt_truncated) message["prompt_truncated"] = true;
    if (!head_.stream) {
      out += to_text(message);
      return;
    }
    event(message, out);
    event({{"type", "message_stop"}}, out);
  }

  void fail(const ApiError& error, bool after_first_byte, std::string& out) override {
    if (after_first_byte) {
      put_event(error_body(error), out, "error");
    } else {
      out += error_body(error);
    }
  }

 private:
  void begin(std::string& out) {
    if (!head_.stream || std::exchange(begun_, true)) return;
    Json message = message_json();
    message["usage"] = usage_json(head_.prompt_tokens, 0, 0);  // what was cached is known when it ends
    event({{"type", "message_start"}, {"message", std::move(message)}}, out);
  }

  Json message_json() const {
    Json content = Json::array();
    for (const Block& block : closed_) content.push_back(whole_block(block));
    return {{"id", head_.id},
            {"type", "message"},
            {"role", "assistant"},
            {"model", head_.model},
            {"content", std::move(content)},
            {"stop_reason", nullptr},
            {"stop_sequence", nullptr}};
  }

  // Anthropic counts those tokens apart that were cached.
  Json usage_json(int64_t prompt_tokens, int64_t cached_tokens, int64_t generated_tokens) const {
    Json usage = {{"input_tokens", prompt_tokens - cached_tokens},
                  {"cache_creation_input_tokens", 0},
                  {"cache_read_input_tokens", cached_tokens},
                  {"output_tokens", generated_tokens}};
    if (!head_.service_tier.empty()) usage["service_tier"] = head_.service_tier;
    return usage;
  }

  const char* stop_reason(FinishReason reason, bool by_clients_string) const {
    if (reason == FinishReason::length) return "max_tokens";
    if (by_clients_string) return "stop_sequence";
    return has_called_ ? "tool_use" : "end_turn";
  }

  void take(const parts::Part& part, size_t choice, std::string& out) {
    if (const auto* content = std::get_if<parts::Content>(&part)) {
      add_text(BlockKind::text, content->text, out);
    } else if (const auto* thinking = std::get_if<parts::Thinking>(&part)) {
      add_text(BlockKind::thinking, thinking->text, out);
    } else if (const auto* begun = std::get_if<parts::CallBegun>(&part)) {
      has_called_ = true;
      const std::string id = begun->id.empty() ? call_id(head_.id, choice, begun->call) : begun->id;
      open({.kind = BlockKind::call, .text = {}, .id = id, .name = begun->name}, out);
    } else if (const auto* arguments = std::get_if<parts::CallArguments>(&part)) {
      if (open_) open_->text += arguments->text;
    } else {
      close(out);
    }
  }

  void add_text(BlockKind kind, const std::string& text, std::string& out) {
    if (text.empty()) return;
    if (!open_ || open_->kind != kind) open({.kind = kind}, out);
    if (kind != BlockKind::thinking || head_.shows_thinking) open_->text += text;
  }

  void open(Block block, std::string& out) {
    close(out);
    open_ = std::move(block);
    if (head_.stream) {
      event({{"type", "content_block_start"}, {"index", index_}, {"content_block", empty_block(*open_)}}, out);
    }
  }

  // What the open block has gained.
  void send_open(std::string& out) {
    if (!open_ || open_->text.empty()) return;
    send_delta(block_delta(*open_), out);
    open_->text.clear();
  }

  void close(std::string& out) {
    if (!open_) return;
    if (head_.stream) {
      send_open(out);
      if (open_->kind == BlockKind::thinking) send_delta({{"type", "signature_delta"}, {"signature", signature}}, out);
      event({{"type", "content_block_stop"}, {"index", index_}}, out);
      ++index_;
    } else {
      closed_.push_back(std::move(*open_));
    }
    open_.reset();
  }

  void send_delta(Json delta, std::string& out) const {
    event({{"type", "content_block_delta"}, {"index", index_}, {"delta", std::move(delta)}}, out);
  }

  static void event(const Json& data, std::string& out) {
    put_event(to_text(data), out, data["type"].get_ref<const std::string&>());
  }

  const AnswerHead head_;
  bool begun_ = false;  // the stream
  bool has_called_ = false;
  size_t index_ = 0;           // of the open block, or the next
  std::optional<Block> open_;  // that what comes belongs to
  std::vector<Block> closed_;  // of an answer in one piece
};

const char* error_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
      return "overloaded_error";
    case 504:
      return "timeout_error";
    default:
      break;
  }
  // 499: nothing was wrong with the request.
  return status >= 400 && status < 499 ? "invalid_request_error" : "api_error";
}

}  // namespace

std::unique_ptr<AnswerWriter> make_messages_writer(AnswerHead head) {
  return std::make_unique<MessagesWriter>(std::move(head));
}

std::string count_answer(int64_t prompt_tokens) { return to_text({{"input_tokens", prompt_tokens}}); }

std::string error_body(const ApiError& error) {
  std::string message = error.message;
  // The sentence that Anthropic's clients look for: they shorten the conversation and try again.
  if (const auto& overflow = error.overflow) {
    message = fmt::format("prompt is too long: {}{} tokens > {} maximum", overflow->at_least ? "at least " : "",
                          overflow->prompt_tokens, overflow->context_tokens);
  }
  Json body = {{"type", error_type(error.status)}, {"message", std::move(message)}};
  if (!error.reason.empty()) body["details"]["error_code"] = error.reason;
  if (!error.reason.empty() && !error.param.empty()) body["details"]["unsupported"] = Json::array({error.param});
  return to_text({{"type", "error"}, {"error", std::move(body)}});
}

}  // namespace quire::api::anthropic
