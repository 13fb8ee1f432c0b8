// What a model's author stored beside the weights, put into a call that leaves it open.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/call.h"
#include "api/error.h"

namespace quire::api {

// As texts, as they are stored.
struct StoredDefaults {
  std::string options = "{}";   // a JSON object of native options
  std::string messages = "[]";  // a JSON array of {"role", "content"}: turns that come before the first
  std::string system = {};
};

// Options of the model < options of the request; its system text where the call has none; its messages before those of
// the call. Raw calls and calls that go on with a context take the options alone. An error (500) says what is wrong
// with what is stored.
ApiResult<void> apply_stored(const StoredDefaults& stored, GenerationCall& call);

// The names and values of options, a name for each of several values, sorted: texts as they are, numbers as in JSON.
std::vector<std::pair<std::string, std::string>> option_lines(std::string_view options);
// Roles and contents of messages as they are stored; what is no message is left out.
std::vector<std::pair<std::string, std::string>> stored_turns(std::string_view messages);
// `over`'s options in place of those of the same name; as a JSON object.
std::string merged_options(std::string_view options, std::string_view over);

// The options as Ollama shows them: a line each, the name padded to 30 characters, texts in quotes.
std::string parameters_text(std::string_view options);

}  // namespace quire::api
