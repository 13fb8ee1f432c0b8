// A conversation with one model: what `quire run` says to the server for each prompt.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/function_ref.h"
#include "base/result.h"
#include "cli/commands/commands.h"
#include "cli/terminal/answer_stream.h"
#include "load/http_client.h"

namespace quire::cli {

// One thread. Holds the messages so far; the server keeps nothing between requests but its prefix cache.
class Conversation {
 public:
  Conversation(load::HttpEndpoint endpoint, std::string model, const RunOptions& options);

  // One prompt without a history: through the model's template, or raw. A raw empty prompt is BOS alone.
  Result<AnswerStats> ask_once(std::string_view prompt, FunctionRef<bool(std::string_view)> on_text,
                               load::KeepGoing keep_going);
  // The next turn; what was said before is sent along. A turn that fails leaves no trace.
  Result<AnswerStats> say(std::string_view prompt, FunctionRef<bool(std::string_view)> on_text,
                          load::KeepGoing keep_going);

  void forget() { messages_ = nlohmann::json::array(); }
  void set_system(std::string_view text) { system_ = text; }
  // An error when the name is not one that a request may carry, or the value is not a number.
  Result<void> set_parameter(std::string_view name, std::string_view value);

  const std::string& model() const { return model_; }
  const load::HttpEndpoint& endpoint() const { return endpoint_; }

 private:
  nlohmann::json request() const;
  Result<AnswerStats> ask_from_nothing(FunctionRef<bool(std::string_view)> on_text, load::KeepGoing keep_going);

  const load::HttpEndpoint endpoint_;
  const std::string model_;
  const bool raw_;
  std::string system_;
  nlohmann::json options_ = nlohmann::json::object();
  nlohmann::json keep_alive_;
  nlohmann::json messages_ = nlohmann::json::array();
};

}  // namespace quire::cli
