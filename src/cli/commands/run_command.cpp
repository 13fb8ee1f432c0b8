#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "cli/client.h"
#include "cli/commands/commands.h"
#include "cli/commands/transfer.h"
#include "cli/conversation/answer_printer.h"
#include "cli/conversation/conversation.h"
#include "cli/conversation/prompt_loop.h"
#include "cli/input_text.h"
#include "cli/local_server.h"
#include "cli/model_file.h"
#include "cli/terminal/human.h"
#include "cli/terminal/progress_board.h"

namespace quire::cli {
namespace {

using nlohmann::json;

bool is_pipe_or_file(int descriptor) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISREG(status.st_mode));
}

// The prompt: the argument, standard input, or both (the input first, as in `cat notes | quire run M "Summarize"`).
// A raw prompt is the argument's bytes and nothing else.
Result<std::string> whole_prompt(const RunOptions& options) {
  const bool reads_input = !options.prompt || (!options.raw && is_pipe_or_file(STDIN_FILENO));
  if (!reads_input) return *options.prompt;
  QUIRE_TRY(std::string input, read_standard_input());
  if (!options.prompt || options.prompt->empty()) return input;
  return input.empty() ? *options.prompt : input + " " + *options.prompt;
}

bool names_a_file(const std::string& model) { return is_gguf_name(model) && access(model.c_str(), F_OK) == 0; }

// A raw prompt that is empty is asked for in another way, which has no place for these.
Result<void> refuse_beside_nothing(const RunOptions& options) {
  const std::array<std::pair<const char*, bool>, 4> given = {{{"--system", !options.system.empty()},
                                                              {"--format", !options.format.empty()},
                                                              {"--think", !options.think.empty()},
                                                              {"--keepalive", options.keep_alive.has_value()}}};
  for (const auto& [name, is_given] : given) {
    if (is_given) return fail(ErrorKind::unsupported, fmt::format("{} does not go with --raw \"\"", name));
  }
  return {};
}

Result<void> answer_once(Conversation& conversation, const RunOptions& options) {
  if (options.prompt && !options.raw) QUIRE_TRY_VOID(refuse_pictures(*options.prompt));
  QUIRE_TRY(const std::string prompt, whole_prompt(options));
  if (options.raw && prompt.empty()) QUIRE_TRY_VOID(refuse_beside_nothing(options));
  AnswerPrinter printer({.wraps = options.wraps && !options.raw, .hides_thinking = options.hides_thinking});
  const auto print = [&](std::string_view text, std::string_view thinking) { return printer.add(text, thinking); };
  const auto stats = conversation.ask_once(prompt, print, {});
  printer.end();
  if (!stats) return std::unexpected(stats.error());
  // Raw means the model's own bytes; a terminal wants its line ended all the same.
  if (options.raw) {
    if (isatty(STDOUT_FILENO) == 1) fmt::print("\n");
  } else if (!prompt.empty()) {
    fmt::print("\n\n");
  }
  printer.note(*stats, options.verbose);
  return {};
}

// A model that makes vectors is told a text once, and says that text's.
Result<void> print_embedding(Client& client, const std::string& model, const RunOptions& options) {
  QUIRE_TRY(const std::string prompt, whole_prompt(options));
  if (prompt.empty()) {
    return fail(ErrorKind::invalid,
                fmt::format("{} makes embeddings, of a text: quire run {} \"a text\"", model, model));
  }
  json body = {{"model", model}, {"input", prompt}};
  if (options.dimensions) body["dimensions"] = *options.dimensions;
  if (!options.truncates.empty()) body["truncate"] = options.truncates == "true";
  if (options.keep_alive) body["keep_alive"] = *options.keep_alive;
  QUIRE_TRY(const json answer, client.call("POST", "/api/embed", body));
  const json& embeddings = array_at(answer, "embeddings");
  if (embeddings.empty()) return fail(ErrorKind::internal, "the server sent no embedding");
  fmt::print("{}\n", embeddings.front().dump());
  return {};
}

// A server inside this process, for a file or where none answers. `model` becomes the name that it knows the file by.
Result<LocalServer> start_local(std::string& model) {
  LocalServerOptions wanted{.host = "127.0.0.1", .port = 0};
  if (is_gguf_name(model)) {
    const std::string name = valid_utf8(model_name_of(model));
    wanted.models = {name + "=" + model};
    model = name;
  }
  return LocalServer::start(wanted);
}

// Ctrl-C has a word of its own.
Result<void> interruptible(Result<void> result) {
  if (result || result.error().kind != ErrorKind::cancelled) return result;
  return fail(ErrorKind::cancelled, "interrupted");
}

// What is known of the model, which is pulled first where it is not here.
Result<json> show_or_pull(Client& client, const std::string& model, bool insecure, const net::KeepGoing& keep_going) {
  auto shown = client.call("POST", "/api/show", {{"model", model}});
  if (shown || shown.error().kind != ErrorKind::not_found) return shown;
  const auto pulled = interruptible(pull_model(client, model, insecure, keep_going));
  if (!pulled) {
    // A server that cannot pull says nothing of the model.
    const bool unknown = pulled.error().kind == ErrorKind::not_found;
    return std::unexpected(unknown ? shown.error() : pulled.error());
  }
  return client.call("POST", "/api/show", {{"model", model}});
}

bool has_capability(const json& shown, const char* name) {
  const json& capabilities = array_at(shown, "capabilities");
  return std::find(capabilities.begin(), capabilities.end(), json(name)) != capabilities.end();
}

// The turns that the model was stored with, as if they had just been said.
void print_stored_messages(const json& shown, const PromptOptions& options) {
  for (const json& message : array_at(shown, "messages")) {
    const std::string role = text_at(message, "role");
    if (role == "user") fmt::print(">>> {}\n", text_at(message, "content"));
    if (role != "assistant") continue;
    AnswerPrinter printer({.wraps = options.wraps});
    printer.add(text_at(message, "content"), {});
    fmt::print("\n\n");
  }
}

Result<void> converse_with(Conversation& conversation, const json& shown, const RunOptions& options,
                           HeldSignals& signals) {
  const PromptOptions prompt{
      .verbose = options.verbose, .wraps = options.wraps, .hides_thinking = options.hides_thinking};
  {
    const SteadyClock clock;
    ProgressBoard board(clock);
    board.step("loading " + conversation.model());
    const auto loaded = conversation.load([&] {
      board.tick();
      return !signals.pending();
    });
    board.clear();
    QUIRE_TRY_VOID(interruptible(loaded));
  }
  print_stored_messages(shown, prompt);
  return converse(conversation, prompt, signals);
}

}  // namespace

Result<void> run_command(const RunOptions& options) {
  QUIRE_TRY_VOID(refuse_cloud(options.model));
  const bool interactive = !options.prompt && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
  std::optional<HeldSignals> signals;
  if (interactive) signals.emplace();  // before any thread is started

  std::optional<LocalServer> local;
  std::string model = options.model;
  QUIRE_TRY(Client client, Client::from_environment());
  if (names_a_file(model) || !client.answers()) {
    QUIRE_TRY(LocalServer started, start_local(model));
    local.emplace(std::move(started));
    client = Client(local->url());
  }
  const net::KeepGoing keep_going = [&] { return !signals || !signals->pending(); };
  QUIRE_TRY(const json shown, show_or_pull(client, model, options.insecure, keep_going));
  if (has_capability(shown, "embedding")) return print_embedding(client, model, options);
  if (options.dimensions || !options.truncates.empty()) {
    return fail(ErrorKind::invalid,
                fmt::format("--dimensions and --truncate are for embeddings: {} makes none", model));
  }
  QUIRE_TRY(Conversation conversation, Conversation::begin(client, model, options));
  if (options.think.empty() && has_capability(shown, "thinking")) QUIRE_TRY_VOID(conversation.set_think("true"));
  if (interactive) return converse_with(conversation, shown, options, *signals);
  return answer_once(conversation, options);
}

}  // namespace quire::cli
