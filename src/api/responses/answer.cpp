#include "api/responses/answer.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "api/gathered_parts.h"
#include "api/json_text.h"
#include "api/openai/answer.h"
#include "api/responses/item.h"
#include "api/responses/items.h"
#include "api/responses/records.h"

namespace quire::api::responses {
namespace {

using Json = nlohmann::ordered_json;

// Parts become items, one open at a time: thinking, what is said, and each call. A stream's events carry what is new of
// the open item; its first and last ones the whole response.
class ResponsesWriter final : public AnswerWriter {
 public:
  explicit ResponsesWriter(AnswerHead head) : head_(std::move(head)) {
    const Json fields = Json::parse(head_.kept.fields, nullptr, false);
    if (!fields.is_object()) return;
    repeats_ = fields.value("repeats", Json::object());
    form_ = {.summarizes = fields.value("summarizes", false), .seals = fields.value("seals", false)};
    if (!repeats_.empty()) repeats_["store"] = head_.kept.keeps;
    for (const Json& space : repeats_.value("tools", Json::array())) {
      if (space["type"] != "namespace") continue;
      for (const Json& tool : space["tools"]) {
        spaces_.emplace(name_for_model(space["name"].get<std::string>(), tool["name"].get<std::string>()),
                        Called{space["name"], tool["name"]});
      }
    }
  }

  std::string_view content_type() const override { return head_.stream ? "text/event-stream" : "application/json"; }

  void delta(size_t, const AnswerDelta& delta, int64_t, std::string& out) override {
    begin(out);
    tokens_ += delta.tokens.size();
    if (head_.wants_logprobs) logprobs_.insert(logprobs_.end(), delta.logprobs.begin(), delta.logprobs.end());
    for (size_t i = 0; i < delta.parts.size(); ++i) {
      // Pieces of one kind are one event.
      parts::Part part = delta.parts[i];
      while (i + 1 < delta.parts.size() && joins(part, delta.parts[i + 1])) ++i;
      take(part, out);
    }
  }

  void finish(size_t, const Finished& finished, const AnswerTimes&, int64_t unix_ns, std::string& out) override {
    begin(out);
    const bool cut = finished.reason == FinishReason::length;
    // Clients look for what was said in the first item.
    if (!open_ && items_.empty()) open(ItemKind::message, out);
    if (open_ && open_->kind == ItemKind::message) {
      // Of the last tokens, whose text came before or never.
      open_->logprobs.insert(open_->logprobs.end(), logprobs_.begin(), logprobs_.end());
    }
    if (open_) close(cut ? "incomplete" : "completed", out);
    Json response = begin_response(cut ? "incomplete" : "completed");
    if (cut) response["incomplete_details"] = {{"reason", "max_output_tokens"}};
    if (!cut) response["completed_at"] = unix_ns / 1'000'000'000;
    response["usage"] = usage_json(finished.stats, reasoning_tokens_);
    response["seed"] = finished.stats.seed;
    response["queue_duration"] = finished.stats.queue_ns;
    if (head_.prompt_truncated) response["prompt_truncated"] = true;
    if (head_.stream) {
      event(cut ? "response.incomplete" : "response.completed", {{"response", response}}, out);
    } else {
      out += to_text(response);
    }
    if (head_.kept.keeps) record_ = make_record(response, head_.kept.items);
  }

  void fail(const ApiError& error, bool after_first_byte, std::string& out) override {
    if (!after_first_byte) {
      out += openai::error_body(error);
      return;
    }
    begin(out);
    Json response = begin_response("failed");
    response["error"] = {{"code", error.status == 503 ? "rate_limit_exceeded" : "server_error"},
                         {"message", error.message}};
    event("response.failed", {{"response", std::move(response)}}, out);
  }

  std::string take_record() override { return std::exchange(record_, {}); }

 private:
  // Appends `next` to `part` where both are text of one kind.
  static bool joins(parts::Part& part, const parts::Part& next) {
    if (auto* said = std::get_if<parts::Content>(&part)) {
      const auto* more = std::get_if<parts::Content>(&next);
      if (more != nullptr) said->text += more->text;
      return more != nullptr;
    }
    if (auto* thought = std::get_if<parts::Thinking>(&part)) {
      const auto* more = std::get_if<parts::Thinking>(&next);
      if (more != nullptr) thought->text += more->text;
      return more != nullptr;
    }
    auto* arguments = std::get_if<parts::CallArguments>(&part);
    const auto* more = std::get_if<parts::CallArguments>(&next);
    if (arguments == nullptr || more == nullptr) return false;
    arguments->text += more->text;
    return true;
  }

  void take(const parts::Part& part, std::string& out) {
    if (const auto* said = std::get_if<parts::Content>(&part)) {
      add_text(ItemKind::message, said->text, out);
    } else if (const auto* thought = std::get_if<parts::Thinking>(&part)) {
      add_text(ItemKind::reasoning, thought->text, out);
    } else if (const auto* begun = std::get_if<parts::CallBegun>(&part)) {
      close_for(ItemKind::call, out);
      open(ItemKind::call, out, *begun);
    } else if (const auto* arguments = std::get_if<parts::CallArguments>(&part)) {
      if (open_ && open_->kind == ItemKind::call) grow(arguments->text, out);
    } else if (open_ && open_->kind == ItemKind::call && Json::accept(open_->text)) {
      close("completed", out);  // one that is not whole waits for the answer's end, which says whether it was cut
    }
    count_tokens(part);
  }

  // Tokens and their logprobs belong to the part that came of them, or to the next one.
  void count_tokens(const parts::Part& part) {
    if (std::holds_alternative<parts::Thinking>(part)) reasoning_tokens_ += tokens_;
    tokens_ = 0;
    logprobs_.clear();
  }

  void add_text(ItemKind kind, const std::string& text, std::string& out) {
    if (text.empty()) return;
    if (!open_ || open_->kind != kind) {
      close_for(kind, out);
      open(kind, out);
    }
    grow(text, out);
  }

  void close_for(ItemKind, std::string& out) {
    if (open_) close("completed", out);
  }

  void open(ItemKind kind, std::string& out, const parts::CallBegun& call = {}) {
    constexpr std::string_view kinds[] = {"msg", "rs", "fc"};
    open_ = Item{.kind = kind,
                 .id = item_id(kinds[static_cast<size_t>(kind)], head_.id, fmt::format("{}", items_.size())),
                 .name = call.name,
                 .call_id = call.id.empty() && kind == ItemKind::call ? call_id(head_.id, 0, call.call) : call.id};
    if (const auto of_space = spaces_.find(call.name); of_space != spaces_.end()) {
      open_->space = of_space->second.space;
      open_->name = of_space->second.name;
    }
    if (!head_.stream) return;
    event("response.output_item.added",
          {{"output_index", items_.size()}, {"item", item_json(*open_, "in_progress", form_)}}, out);
    if (kind == ItemKind::call) return;
    part_event(part_name("added"), {{"part", part_json(*open_, form_)}}, out);
  }

  void grow(const std::string& text, std::string& out) {
    open_->text += text;
    Json fields = {{"delta", text}};
    if (open_->kind == ItemKind::message) {
      open_->logprobs.insert(open_->logprobs.end(), logprobs_.begin(), logprobs_.end());
      if (head_.stream) fields["logprobs"] = logprobs_json(logprobs_);
    }
    part_event(text_name("delta"), std::move(fields), out);
  }

  void close(std::string_view status, std::string& out) {
    if (open_->kind == ItemKind::call && Json::accept(open_->text)) status = "completed";
    Json item = item_json(*open_, status, form_);
    if (head_.stream) {
      if (open_->kind == ItemKind::call) {
        part_event(text_name("done"), {{"name", open_->name}, {"arguments", open_->text}}, out);
      } else {
        Json fields = {{"text", open_->text}};
        if (open_->kind == ItemKind::message) fields["logprobs"] = logprobs_json(open_->logprobs);
        part_event(text_name("done"), std::move(fields), out);
        part_event(part_name("done"), {{"part", part_json(*open_, form_)}}, out);
      }
      event("response.output_item.done", {{"output_index", items_.size()}, {"item", item}}, out);
    }
    items_.push_back(std::move(item));
    open_.reset();
  }

  bool in_summary() const { return open_->kind == ItemKind::reasoning && form_.summarizes; }

  std::string part_name(std::string_view what) const {
    return fmt::format("response.{}_part.{}", in_summary() ? "reasoning_summary" : "content", what);
  }

  std::string text_name(std::string_view what) const {
    if (open_->kind == ItemKind::call) return fmt::format("response.function_call_arguments.{}", what);
    if (open_->kind == ItemKind::message) return fmt::format("response.output_text.{}", what);
    return fmt::format("response.reasoning_{}.{}", form_.summarizes ? "summary_text" : "text", what);
  }

  // About the only part of the open item.
  void part_event(const std::string& type, Json fields, std::string& out) {
    if (!head_.stream) return;
    Json body = {{"item_id", open_->id}, {"output_index", items_.size()}};
    if (open_->kind != ItemKind::call) body[in_summary() ? "summary_index" : "content_index"] = 0;
    body.update(fields);
    event(type, std::move(body), out);
  }

  void event(const std::string& type, Json fields, std::string& out) {
    Json body = {{"type", type}, {"sequence_number", events_++}};
    body.update(fields);
    put_event(to_text(body), out, type);
  }

  void begin(std::string& out) {
    if (std::exchange(begun_, true) || !head_.stream) return;
    const Json response = begin_response("in_progress");
    event("response.created", {{"response", response}}, out);
    event("response.in_progress", {{"response", response}}, out);
  }

  Json begin_response(std::string_view status) const {
    Json response = {
        {"id", head_.id},      {"object", "response"}, {"created_at", head_.created_unix_s}, {"status", status},
        {"background", false}, {"error", nullptr},     {"incomplete_details", nullptr},      {"model", head_.model},
        {"output", items_}};
    response.update(repeats_);
    response["usage"] = nullptr;
    return response;
  }

  struct Called {
    std::string space;
    std::string name;
  };

  const AnswerHead head_;
  std::map<std::string, Called> spaces_;  // functions of namespaces, by the names that the model knows
  Json repeats_ = Json::object();         // of the request
  ReasoningForm form_;
  bool begun_ = false;
  int64_t events_ = 0;
  Json items_ = Json::array();  // closed
  std::optional<Item> open_;
  std::vector<PositionLogprobs> logprobs_;  // of tokens whose part has not come yet
  size_t tokens_ = 0;                       // these tokens
  size_t reasoning_tokens_ = 0;
  std::string record_;
};

}  // namespace

std::unique_ptr<AnswerWriter> make_responses_writer(AnswerHead head) {
  return std::make_unique<ResponsesWriter>(std::move(head));
}

}  // namespace quire::api::responses
