// Eight prompts at once through the server's own HTTP API, the same eight one after another, and what that comes to.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "api/json_text.h"
#include "base/clock.h"
#include "base/terminal.h"
#include "cli/bench/process_facts.h"
#include "cli/client.h"
#include "cli/commands/commands.h"
#include "cli/conversation/answer_lines.h"
#include "cli/local_server.h"
#include "cli/terminal/demo_screen.h"
#include "cli/terminal/human.h"
#include "cli/terminal/signals.h"
#include "cli/terminal/text_table.h"

namespace quire::cli {
namespace {

// What the model in the box can do; any other model has something to say to them too.
constexpr std::array prompts = {
    "Tell me a story about Tom, a forest and a kite.", "Write a short story about a fox named Pip and a lantern.",
    "Tell me a story about a lost key at the beach.",  "Tell me a bedtime story about a dragon.",
    "Write a story in which Mia bakes a cake.",        "Tell me a story about Ben, a robot and a garden.",
    "Tell me a story about two friends and a storm.",  "Continue this story: Once there was a shy girl called Lena."};
constexpr int port_attempts = 64;

// One answer as the client saw it, with what the server said of it.
struct Measured {
  std::string answer;
  AnswerStats stats;
  int64_t first_token_ns = 0;  // from sending to the first text
};

struct Pass {
  std::vector<Measured> answers;
  int64_t wall_ns = 0;

  int64_t tokens() const {
    int64_t sum = 0;
    for (const Measured& measured : answers) sum += std::max<int64_t>(0, measured.stats.generated_tokens);
    return sum;
  }
  double rate() const {
    return static_cast<double>(tokens()) * 1e9 / static_cast<double>(std::max<int64_t>(1, wall_ns));
  }
};

// The first of: the option, QUIRE_MODEL, the model in the repository, the one of its tests.
Result<std::string> chosen_model(const DemoOptions& options) {
  if (options.model) return *options.model;
  if (const char* named = std::getenv("QUIRE_MODEL"); named != nullptr && *named != '\0') return std::string(named);
  for (const char* path : {"models/quire-tiny.gguf", "tests/data/models/stories260K.gguf"}) {
    if (std::filesystem::exists(path)) return std::string(path);
  }
  return fail(ErrorKind::not_found, "no model: set QUIRE_MODEL to a GGUF file (there is no models/quire-tiny.gguf)");
}

// Takes the port that was asked for, or the next one that is free.
Result<LocalServer> start_on_free_port(const DemoOptions& options, const std::string& model) {
  for (int offset = 0;; ++offset) {
    const int port = options.port + offset;
    if (port > 65535) return fail(ErrorKind::busy, fmt::format("no port from {} on is free", options.port));
    auto started = LocalServer::start({.models = {model},
                                       .host = options.host,
                                       .port = static_cast<uint16_t>(port),
                                       .drain_timeout_ns = 5'000'000'000});
    if (started || started.error().kind != ErrorKind::busy || offset + 1 == port_attempts) return started;
    fmt::print("port {} is taken, trying {}\n", port, port + 1);
  }
}

load::HttpCall call_for(const std::string& model, const char* prompt, int32_t num_predict) {
  // A fixed seed and no prefix cache: both passes compute the same, so their answers and times compare.
  const nlohmann::ordered_json body = {
      {"model", model},
      {"prompt", prompt},
      {"options", {{"seed", 1}, {"num_predict", num_predict}, {"cache_prompt", false}}}};
  return {.method = "POST", .target = "/api/generate", .body = api::to_text(body)};
}

// Asks for all answers at once. `screen` is null where nobody needs to watch.
Result<Pass> ask_at_once(const load::HttpEndpoint& endpoint, std::span<const load::HttpCall> calls, DemoScreen* screen,
                         const HeldSignals& signals) {
  const SteadyClock clock;
  Pass pass{.answers = std::vector<Measured>(calls.size())};
  std::string error;
  const int64_t begin_ns = clock.now_ns();
  const auto on_line = [&](size_t index, std::string_view text) {
    const AnswerLine line = parse_answer_line(text);
    Measured& measured = pass.answers[index];
    if (!line.error.empty()) error = line.error;
    const int64_t now_ns = clock.now_ns();
    if (!line.text.empty() && measured.answer.empty()) measured.first_token_ns = now_ns - begin_ns;
    measured.answer += line.text;
    if (screen != nullptr) screen->grow(index, line.text, now_ns);
    if (line.done) measured.stats = line.stats;
    if (line.done && screen != nullptr) screen->end(index);
    return error.empty();
  };
  const auto replies = load::http_stream(endpoint, calls, on_line, [&] { return !signals.pending(); });
  pass.wall_ns = clock.now_ns() - begin_ns;
  if (screen != nullptr) screen->finish();
  if (signals.pending()) return fail(ErrorKind::cancelled, "interrupted");
  if (!error.empty()) return fail(ErrorKind::internal, error);
  for (const load::HttpReply& reply : replies) {
    if (reply.error) return std::unexpected(*reply.error);
    if (reply.status != 200) return std::unexpected(error_of_reply(reply.status, reply.body));
  }
  return pass;
}

Result<Pass> ask_one_by_one(const load::HttpEndpoint& endpoint, std::span<const load::HttpCall> calls,
                            const HeldSignals& signals) {
  Pass all;
  for (const load::HttpCall& call : calls) {
    QUIRE_TRY(Pass one, ask_at_once(endpoint, {&call, 1}, nullptr, signals));
    all.answers.push_back(std::move(one.answers[0]));
    all.wall_ns += one.wall_ns;
  }
  return all;
}

// As wide as a log is read.
size_t screen_columns() { return terminal_columns(STDOUT_FILENO, 100); }

// The widest row of the long headings; a narrower terminal gets the short ones, which fit into 50 columns.
constexpr size_t long_table_width = 80;

void print_report(const Pass& together, const Pass& alone, const std::string& model) {
  TextTable table = screen_columns() >= long_table_width
                        ? TextTable({"context", "wait in queue", "first token", "tokens", "tokens/s", "alone tokens/s"})
                        : TextTable({"#", "queue", "first", "tokens", "t/s", "alone"});
  const auto rate = [](const AnswerStats& stats) {
    if (stats.generate_ns <= 0) return std::string("-");
    return format_count(static_cast<double>(stats.generated_tokens) * 1e9 / static_cast<double>(stats.generate_ns));
  };
  size_t equal = 0;
  for (size_t index = 0; index < together.answers.size(); ++index) {
    const Measured& measured = together.answers[index];
    table.add({std::to_string(index + 1), format_duration(std::max<int64_t>(0, measured.stats.queue_ns)),
               format_duration(measured.first_token_ns), std::to_string(measured.stats.generated_tokens),
               rate(measured.stats), rate(alone.answers[index].stats)});
    if (measured.answer == alone.answers[index].answer) ++equal;
  }
  std::error_code ignored;
  const uint64_t file_bytes = std::filesystem::file_size(model, ignored);
  fmt::print("\n{}\n", table.text());
  fmt::print("together         {} tokens/s\n", format_count(together.rate()));
  fmt::print("one by one       {} tokens/s\n", format_count(alone.rate()));
  fmt::print("ratio            {:.2f}\n", together.rate() / std::max(1e-9, alone.rate()));
  fmt::print("same answers     {} of {}, byte for byte\n", equal, together.answers.size());
  fmt::print("memory           {} resident\n", human_bytes(resident_bytes(getpid())));
  fmt::print("model file       {}\n", human_bytes(ignored ? 0 : file_bytes));
}

}  // namespace

Result<void> demo_command(const DemoOptions& options) {
  HeldSignals signals;
  QUIRE_TRY(const std::string file, chosen_model(options));
  QUIRE_TRY(const LocalServer server, start_on_free_port(options, file));
  const load::HttpEndpoint& endpoint = server.endpoint();
  const std::string model = model_name_of(file);
  fmt::print("{} on {}\n\n", model, server.url());

  std::vector<load::HttpCall> calls;
  for (const char* prompt : prompts) calls.push_back(call_for(model, prompt, options.num_predict));
  // The first answer of a process also pays for page faults: it is not measured.
  const load::HttpCall warm_up = call_for(model, prompts[0], 2);
  const auto ready = ask_at_once(endpoint, {&warm_up, 1}, nullptr, signals);
  DemoScreen screen({prompts.begin(), prompts.end()}, isatty(STDOUT_FILENO) == 1, screen_columns());
  auto together = ready ? ask_at_once(endpoint, calls, &screen, signals) : ready;
  auto alone = together ? ask_one_by_one(endpoint, calls, signals) : together;
  if (!alone) {
    if (!signals.pending()) return std::unexpected(alone.error());
    fmt::print("\nstopped\n");  // Ctrl-C is how one leaves
    return {};
  }
  print_report(*together, *alone, file);
  if (options.once) return {};
  fmt::print("\nserving on {} until Ctrl-C\n", server.url());
  std::fflush(stdout);
  signals.wait();
  fmt::print("\nstopped\n");
  return {};
}

}  // namespace quire::cli
