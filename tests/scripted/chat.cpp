#include "scripted/chat.h"

#include <gtest/gtest.h>

#include <sstream>
#include <utility>

namespace quire::scripted {
namespace {

constexpr int answer_tokens_max = 600;  // of an answer that would have no end

Json functions(const Json& tools) {
  Json list = Json::array();
  for (const Json& tool : tools) list.push_back({{"type", "function"}, {"function", tool}});
  return list;
}

// Adds the text under `key`, if there is one: a piece of it, or all.
void add_text(const Json& object, const char* key, std::string& text) {
  if (object.contains(key) && object[key].is_string()) text += object[key].get<std::string>();
}

// Which tool has to be called, in a dialect's words for any, and for the one that is named.
void set_tool_choice(Json& body, const Asking& asking, const Json& any, const Json& named) {
  if (!asking.must_call.empty()) body["tool_choice"] = asking.must_call == "any" ? any : named;
}

class NativeChat final : public Chat {
 public:
  NativeChat(uint16_t port, bool streams) : Chat(port, streams, "/api/chat") {}
  void user(const std::string& text) override { turns_.push_back({{"role", "user"}, {"content", text}}); }
  void result(const Call& call, const std::string& text) override {
    turns_.push_back({{"role", "tool"}, {"content", text}, {"tool_name", call.name}, {"tool_call_id", call.id}});
  }

 private:
  Json body(const Asking& asking) const override {
    Json body = {{"messages", turns_}, {"options", {{"num_predict", answer_tokens_max}}}};
    if (!asking.tools.empty()) body["tools"] = functions(asking.tools);
    if (!asking.schema.is_null()) body["format"] = asking.schema;
    return body;
  }
  void read(const Json& whole, Answer& answer) override {
    const Json& message = whole["message"];
    add_text(message, "thinking", answer.thinking);
    add_text(message, "content", answer.content);
    for (const Json& call : message.value("tool_calls", Json::array())) {
      answer.calls.push_back({call.value("id", ""), call["function"]["name"], call["function"]["arguments"].dump()});
    }
    answer.reason = whole.value("done_reason", "");
  }
  void read_stream(const std::vector<Json>& events, Answer& answer) override {
    for (const Json& event : events) read(event, answer);
  }
  void keep(const Answer& answer) override {
    Json message = {{"role", "assistant"}, {"content", answer.content}, {"thinking", answer.thinking}};
    for (const Call& call : answer.calls) {
      message["tool_calls"].push_back(
          {{"id", call.id}, {"function", {{"name", call.name}, {"arguments", Json::parse(call.arguments)}}}});
    }
    turns_.push_back(message);
  }
};

class OpenAiChat final : public Chat {
 public:
  OpenAiChat(uint16_t port, bool streams) : Chat(port, streams, "/v1/chat/completions") {}
  void user(const std::string& text) override { turns_.push_back({{"role", "user"}, {"content", text}}); }
  void result(const Call& call, const std::string& text) override {
    turns_.push_back({{"role", "tool"}, {"tool_call_id", call.id}, {"content", text}});
  }

 private:
  Json body(const Asking& asking) const override {
    Json body = {{"messages", turns_}, {"max_completion_tokens", answer_tokens_max}};
    if (!asking.tools.empty()) body["tools"] = functions(asking.tools);
    set_tool_choice(body, asking, "required", {{"type", "function"}, {"function", {{"name", asking.must_call}}}});
    if (!asking.schema.is_null()) {
      body["response_format"] = {{"type", "json_schema"},
                                 {"json_schema", {{"name", "answer"}, {"strict", true}, {"schema", asking.schema}}}};
    }
    return body;
  }
  void read(const Json& whole, Answer& answer) override {
    const Json& choice = whole["choices"][0];
    read_message(choice["message"], answer);
    answer.reason = choice["finish_reason"];
  }
  void read_stream(const std::vector<Json>& events, Answer& answer) override {
    for (const Json& event : events) {
      if (event["choices"].empty()) continue;
      const Json& choice = event["choices"][0];
      read_message(choice["delta"], answer);
      if (choice["finish_reason"].is_string()) answer.reason = choice["finish_reason"];
    }
  }
  static void read_message(const Json& message, Answer& answer) {
    add_text(message, "reasoning_content", answer.thinking);
    add_text(message, "content", answer.content);
    if (!message.contains("tool_calls")) return;
    for (const Json& call : message["tool_calls"]) {
      const size_t index = call.value("index", answer.calls.size());
      if (index >= answer.calls.size()) answer.calls.push_back({call["id"], call["function"]["name"], ""});
      add_text(call["function"], "arguments", answer.calls[index].arguments);
    }
  }
  void keep(const Answer& answer) override {
    Json message = {{"role", "assistant"}, {"content", answer.content.empty() ? Json() : Json(answer.content)}};
    for (const Call& call : answer.calls) {
      message["tool_calls"].push_back(
          {{"id", call.id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
    }
    turns_.push_back(message);
  }
};

class ResponsesChat final : public Chat {
 public:
  ResponsesChat(uint16_t port, bool streams) : Chat(port, streams, "/v1/responses") {}
  void user(const std::string& text) override {
    turns_.push_back({{"type", "message"}, {"role", "user"}, {"content", {{{"type", "input_text"}, {"text", text}}}}});
  }
  void result(const Call& call, const std::string& text) override {
    turns_.push_back({{"type", "function_call_output"}, {"call_id", call.id}, {"output", text}});
  }

 private:
  Json body(const Asking& asking) const override {
    Json body = {{"input", turns_}, {"store", false}, {"max_output_tokens", answer_tokens_max}};
    for (Json tool : asking.tools) {
      tool["type"] = "function";
      body["tools"].push_back(tool);
    }
    set_tool_choice(body, asking, "required", {{"type", "function"}, {"name", asking.must_call}});
    if (!asking.schema.is_null()) {
      body["text"] = {{"format", {{"type", "json_schema"}, {"name", "answer"}, {"schema", asking.schema}}}};
    }
    return body;
  }
  void read(const Json& whole, Answer& answer) override {
    output_ = whole["output"];
    for (const Json& item : output_) {
      if (item["type"] == "function_call") answer.calls.push_back({item["call_id"], item["name"], item["arguments"]});
      for (const Json& part : item.value("content", Json::array())) {
        add_text(part, "text", item["type"] == "reasoning" ? answer.thinking : answer.content);
      }
    }
    answer.reason = whole["status"];
  }
  // What the pieces say is what the whole response says at the end.
  void read_stream(const std::vector<Json>& events, Answer& answer) override {
    std::string content, arguments, whole_arguments;
    int64_t number = 0;
    for (const Json& event : events) {
      EXPECT_EQ(event["sequence_number"], number++) << event.dump();
      if (event["type"] == "response.output_text.delta") add_text(event, "delta", content);
      if (event["type"] == "response.function_call_arguments.delta") add_text(event, "delta", arguments);
    }
    ASSERT_FALSE(events.empty());
    read(events.back()["response"], answer);
    for (const Call& call : answer.calls) whole_arguments += call.arguments;
    EXPECT_EQ(content, answer.content);
    EXPECT_EQ(arguments, whole_arguments);
  }
  void keep(const Answer&) override {
    for (const Json& item : output_) turns_.push_back(item);
  }

  Json output_ = Json::array();
};

class AnthropicChat final : public Chat {
 public:
  AnthropicChat(uint16_t port, bool streams) : Chat(port, streams, "/v1/messages") {}
  void user(const std::string& text) override { turns_.push_back({{"role", "user"}, {"content", text}}); }
  void result(const Call& call, const std::string& text) override {
    const Json block = {{"type", "tool_result"}, {"tool_use_id", call.id}, {"content", text}};
    if (turns_.back()["role"] == "user") {
      turns_.back()["content"].push_back(block);
    } else {
      turns_.push_back({{"role", "user"}, {"content", Json::array({block})}});
    }
  }

 private:
  Json body(const Asking& asking) const override {
    Json body = {{"messages", turns_}, {"max_tokens", answer_tokens_max}};
    for (const Json& tool : asking.tools) {
      body["tools"].push_back({{"name", tool["name"]},
                               {"description", tool.value("description", "")},
                               {"input_schema", tool["parameters"]}});
    }
    set_tool_choice(body, asking, {{"type", "any"}}, {{"type", "tool"}, {"name", asking.must_call}});
    if (!asking.schema.is_null()) {
      body["output_config"] = {{"format", {{"type", "json_schema"}, {"schema", asking.schema}}}};
    }
    return body;
  }
  void read(const Json& whole, Answer& answer) override {
    blocks_ = whole["content"];
    for (const Json& block : blocks_) {
      add_text(block, "thinking", answer.thinking);
      add_text(block, "text", answer.content);
      if (block["type"] == "tool_use") answer.calls.push_back({block["id"], block["name"], block["input"].dump()});
    }
    answer.reason = whole["stop_reason"];
  }
  void read_stream(const std::vector<Json>& events, Answer& answer) override {
    Json whole = {{"content", Json::array()}, {"stop_reason", ""}};
    std::string input;
    for (const Json& event : events) {
      if (event["type"] == "content_block_start") whole["content"].push_back(event["content_block"]);
      if (event["type"] == "content_block_delta") {
        const Json& delta = event["delta"];
        add_text(delta, "partial_json", input);
        for (const char* key : {"text", "thinking", "signature"}) {
          if (!delta.contains(key)) continue;
          std::string text = whole["content"].back().value(key, "");
          whole["content"].back()[key] = text + delta[key].get<std::string>();
        }
      }
      if (event["type"] == "content_block_stop" && !input.empty()) {
        whole["content"].back()["input"] = Json::parse(std::exchange(input, {}), nullptr, false);
      }
      if (event["type"] == "message_delta") whole["stop_reason"] = event["delta"]["stop_reason"];
    }
    read(whole, answer);
  }
  void keep(const Answer&) override { turns_.push_back({{"role", "assistant"}, {"content", blocks_}}); }

  Json blocks_ = Json::array();
};

// Server-sent events or lines.
std::vector<Json> events_of(const std::string& body) {
  std::vector<Json> events;
  std::istringstream lines(body);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("data: ")) line.erase(0, 6);
    if (line.starts_with('{')) events.push_back(Json::parse(line));
  }
  return events;
}

}  // namespace

Answer Chat::ask(const Asking& asking) {
  Json request = body(asking);
  request["model"] = "scripted";
  request["stream"] = streams_;
  request.update(asking.more);
  server::test::RawClient client(port_);
  client.post(path_, request.dump());
  const server::test::RawResponse response = client.response().value_or(server::test::RawResponse{});
  Answer answer{.status = response.status};
  if (response.status != 200) {
    answer.error = response.body;
    return answer;
  }
  if (streams_) {
    read_stream(events_of(response.body), answer);
  } else {
    read(Json::parse(response.body), answer);
  }
  keep(answer);
  return answer;
}

std::unique_ptr<Chat> begin_chat(std::string_view dialect, uint16_t port, bool streams) {
  if (dialect == "openai") return std::make_unique<OpenAiChat>(port, streams);
  if (dialect == "responses") return std::make_unique<ResponsesChat>(port, streams);
  if (dialect == "anthropic") return std::make_unique<AnthropicChat>(port, streams);
  return std::make_unique<NativeChat>(port, streams);
}

}  // namespace quire::scripted
