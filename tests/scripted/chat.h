// A conversation with tools, as the clients of each dialect hold it.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "server/raw_client.h"

namespace quire::scripted {

using Json = nlohmann::ordered_json;

struct Call {
  std::string id;
  std::string name;
  std::string arguments;  // JSON
};

// What a model said in one turn.
struct Answer {
  int status = 0;
  std::string error;  // the body, where the status is not 200
  std::string thinking;
  std::string content;
  std::vector<Call> calls;
  std::string reason;  // why it ended, in the dialect's word
};

// What a request may say, in the words of OpenAI's chat; each dialect has its own for it.
struct Asking {
  Json tools = Json::array();  // {"name", "parameters"}
  std::string must_call;       // a tool's name; "any"; empty: as it likes
  Json schema;                 // of the answer; null: none
  Json more = Json::object();  // fields of the body, as they are
};

// One thread. Answers are kept for the next turn as the dialect's clients keep them.
class Chat {
 public:
  virtual ~Chat() = default;
  virtual void user(const std::string& text) = 0;
  virtual void result(const Call& call, const std::string& text) = 0;
  Answer ask(const Asking& asking);

 protected:
  Chat(uint16_t port, bool streams, std::string path) : port_(port), streams_(streams), path_(std::move(path)) {}
  virtual Json body(const Asking& asking) const = 0;
  virtual void read(const Json& whole, Answer& answer) = 0;
  // Of a streamed answer: the objects in order.
  virtual void read_stream(const std::vector<Json>& events, Answer& answer) = 0;
  virtual void keep(const Answer& answer) = 0;

  Json turns_ = Json::array();

 private:
  const uint16_t port_;
  const bool streams_;
  const std::string path_;
};

constexpr std::string_view dialects[] = {"native", "openai", "responses", "anthropic"};
std::unique_ptr<Chat> begin_chat(std::string_view dialect, uint16_t port, bool streams);

}  // namespace quire::scripted
