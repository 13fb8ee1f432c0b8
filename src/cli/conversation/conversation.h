// A conversation with one model: what `quire run` says to the server for each prompt.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "cli/client.h"
#include "cli/commands/commands.h"
#include "cli/conversation/answer_lines.h"

namespace quire::cli {

// An error for a message that names a file of a picture, as Ollama's client finds it: a word with a '/' that ends like
// one and is there. Models that see are not served, and the words alone would be answered as if the picture had been
// seen.
Result<void> refuse_pictures(std::string_view message);

// The levels of thinking that a request may ask for, besides "true" and "false".
inline constexpr std::array<const char*, 4> think_levels = {"low", "medium", "high", "max"};

// One thread. Holds the messages so far; the server keeps nothing between requests but its prefix cache.
class Conversation {
 public:
  // An error when an option cannot be sent. The client is borrowed.
  static Result<Conversation> begin(Client& client, std::string model, const RunOptions& options);

  // One prompt without a history: through the model's template, or raw. A raw empty prompt is BOS alone.
  Result<AnswerStats> ask_once(std::string_view prompt, OnAnswer on_answer, const net::KeepGoing& keep_going);
  // The next turn; what was said before is sent along. A turn that fails leaves no trace, nor does one that is
  // cancelled before its first word.
  Result<AnswerStats> say(std::string_view prompt, OnAnswer on_answer, const net::KeepGoing& keep_going);
  // Brings the model into memory.
  Result<void> load(const net::KeepGoing& keep_going);
  // Stores the model with the parameters, the system message and the messages so far under another name.
  Result<void> save(std::string_view name);

  void forget() { messages_ = nlohmann::json::array(); }
  // Another model; what was said so far is forgotten.
  void change_model(std::string model);
  void set_system(std::string_view text) { system_ = text; }
  // An error when the name is not one that a request may carry, or the values do not fit it.
  Result<void> set_parameter(std::string_view name, const std::vector<std::string>& values);
  // "json", or a schema; empty: none. An error when it is neither.
  Result<void> set_format(std::string_view text);
  // "true", "false" or a level. An error when it is none of them.
  Result<void> set_think(std::string_view text);

  Client& client() const { return *client_; }
  const std::string& model() const { return model_; }
  const std::string& system() const { return system_; }
  const nlohmann::json& parameters() const { return options_; }

 private:
  Conversation(Client& client, std::string model) : client_(&client), model_(std::move(model)) {}
  nlohmann::json request() const;
  Result<AnswerStats> ask_from_nothing(OnAnswer on_answer, const net::KeepGoing& keep_going);

  Client* client_;
  std::string model_;
  bool raw_ = false;
  std::string system_;
  nlohmann::json options_ = nlohmann::json::object();
  nlohmann::json keep_alive_;
  nlohmann::json format_;
  nlohmann::json think_;  // null: the model's own way
  nlohmann::json messages_ = nlohmann::json::array();
};

}  // namespace quire::cli
