// The command line's words: what each command is called, what it takes, and what that means. Commands with one subject
// are added by one function; their order is the order of the help.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "base/result.h"
#include "model/kv_type.h"

namespace quire::cli {

// What the arguments ask for; set by the command that was named. Its value is the exit status.
using Action = std::function<Result<int>()>;

inline Result<int> status_of(Result<int> result) { return result; }
inline Result<int> status_of(const Result<void>& result) {
  if (!result) return std::unexpected(result.error());
  return 0;
}

// A command with its own options: they live as long as the action that uses them.
template <typename Options, typename Value>
std::shared_ptr<Options> bind_command(CLI::App* command, Action& action, Result<Value> (*run)(const Options&)) {
  auto options = std::make_shared<Options>();
  command->callback([options, run, &action] { action = [options, run] { return status_of(run(*options)); }; });
  return options;
}

// --kv-type
void add_kv_type(CLI::App& command, std::optional<KvType>& kv_type);

void add_conversation_commands(CLI::App& app, Action& action);  // run
void add_model_commands(CLI::App& app, Action& action);         // pull list show ps stop cp rm create push
void add_server_commands(CLI::App& app, Action& action);        // serve demo
void add_measuring_commands(CLI::App& app, Action& action);     // bench tune
void add_checking_commands(CLI::App& app,
                           Action& action);  // inspect quantize imatrix synth tokenize render logits simulate
void add_description_commands(CLI::App& app, Action& action);  // completion man-page
// Ollama's that are not served: each says why.
void add_refused_commands(CLI::App& app, Action& action);

// The variables that `serve` and clients read, a line each.
extern const char* const environment_text;

}  // namespace quire::cli
