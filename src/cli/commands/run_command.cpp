#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <iterator>

#include "cli/client.h"
#include "cli/commands/commands.h"
#include "cli/local_server.h"
#include "cli/terminal/conversation.h"
#include "cli/terminal/prompt_loop.h"

namespace quire::cli {
namespace {

bool is_pipe_or_file(int descriptor) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISREG(status.st_mode));
}

// The prompt: the argument, standard input, or both (the input first, as in `cat notes | quire run M "Summarize"`).
// A raw prompt is the argument's bytes and nothing else.
std::string whole_prompt(const RunOptions& options) {
  const bool reads_input =
      !options.prompt || (!options.raw && !options.prompt->empty() && is_pipe_or_file(STDIN_FILENO));
  if (!reads_input) return *options.prompt;
  std::string input{std::istreambuf_iterator<char>(std::cin), {}};
  if (!options.prompt) return input;
  return input.empty() ? *options.prompt : input + " " + *options.prompt;
}

bool names_a_file(const std::string& model) { return model.ends_with(".gguf") && access(model.c_str(), F_OK) == 0; }

Result<void> answer_once(Conversation& conversation, const RunOptions& options) {
  const std::string prompt = whole_prompt(options);
  const auto print = [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return std::fflush(stdout) == 0;  // nobody reads any more: enough
  };
  QUIRE_TRY(const AnswerStats stats, conversation.ask_once(prompt, print, [] { return true; }));
  // Raw means the model's own bytes; a terminal wants its line ended all the same.
  if (!options.raw || isatty(STDOUT_FILENO) == 1) fmt::print("\n");
  if (options.verbose) fmt::print(stderr, "{}", stats_text(stats));
  return {};
}

}  // namespace

Result<void> run_command(const RunOptions& options) {
  const bool interactive = !options.prompt && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
  std::optional<HeldSignals> signals;
  if (interactive) signals.emplace();  // before any thread is started

  QUIRE_TRY(load::HttpEndpoint endpoint, client_endpoint());
  std::optional<LocalServer> local;
  std::string model = options.model;
  if (names_a_file(model) || !load::server_answers(endpoint)) {
    LocalServerOptions wanted{.host = "127.0.0.1", .port = 0};
    if (model.ends_with(".gguf")) {
      wanted.models = {model};
      model = model_name_of(model);
    }
    QUIRE_TRY(LocalServer started, LocalServer::start(wanted));
    local.emplace(std::move(started));
    endpoint = local->endpoint();
  }
  Conversation conversation(endpoint, model, options);
  if (interactive) return converse(conversation, options.verbose, *signals);
  return answer_once(conversation, options);
}

}  // namespace quire::cli
