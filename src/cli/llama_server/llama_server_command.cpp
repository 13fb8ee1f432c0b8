#include "cli/llama_server/llama_server_command.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/control_group.h"
#include "cli/client.h"
#include "cli/llama_server/flags.h"
#include "cli/local_server.h"

extern char** environ;

namespace quire::cli {
namespace {

// llama.cpp reads its flags from such variables too; those of a device are nobody's concern here.
void warn_of_variables() {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    if (!variable.starts_with("LLAMA_ARG_") || variable.starts_with("LLAMA_ARG_FIT")) continue;
    spdlog::warn("{} is not read: flags are", variable.substr(0, variable.find('=')));
  }
}

// A line of the log as llama.cpp writes it: programs read how much memory a model takes.
void print_buffer(std::string_view part, std::string_view kind, uint64_t bytes) {
  fmt::print(stderr, "{}: CPU {} buffer size = {:.2f} MiB\n", part, kind, static_cast<double>(bytes) / (1 << 20));
}

Result<void> load_model(Client& client, const std::string& name) {
  const auto loaded = client.call("POST", "/api/generate", {{"model", name}, {"keep_alive", -1}});
  if (!loaded) {
    return fail(loaded.error().kind, fmt::format("error loading model: {}", loaded.error().message));
  }
  QUIRE_TRY(const nlohmann::json running, client.call("GET", "/api/ps"));
  for (const nlohmann::json& model : array_at(running, "models")) {
    print_buffer("load_tensors", "model", static_cast<uint64_t>(number_at(model, "size")));
    const nlohmann::json contexts = model.value("context_bytes", nlohmann::json::object());
    print_buffer("llama_kv_cache", "KV", static_cast<uint64_t>(number_at(contexts, "total")));
  }
  return {};
}

LocalServerOptions server_options(const LlamaServerOptions& options, const std::string& name) {
  LocalServerOptions start{.host = options.host,
                           .port = options.port,
                           .threads = options.threads,
                           .context_tokens = options.tokens_per_context(),
                           .parallel_max = options.parallel.value_or(0),
                           .kv_type = options.kv_type.value_or(KvType::f16)};
  if (!options.model.empty()) start.models = {name + "=" + options.model};
  start.draft = options.draft;
  if (options.shifts) start.shift_keep = options.keep;
  start.handles_signals = true;
  start.serves_given_only = !options.model.empty();
  return start;
}

}  // namespace

Result<void> llama_server_command(const std::vector<std::string>& words) {
  QUIRE_TRY(const LlamaServerOptions options, parse_llama_server(words));
  if (options.shows_help) fmt::print("{}", llama_server_help());
  if (options.shows_version) fmt::print("version: quire {}\n", QUIRE_VERSION);
  if (options.lists_devices) fmt::print("Available devices:\n");
  if (options.shows_help || options.shows_version || options.lists_devices) return {};
  // What Ollama waits for when it looks for devices; it ends the program then.
  fmt::print(stderr, "system_info: n_threads = {} | quire {}\n", options.threads.value_or(usable_cpus()),
             QUIRE_VERSION);
  std::fflush(stderr);
  spdlog::set_level(spdlog::level::info);
  const std::string name = options.alias.empty() ? std::filesystem::path(options.model).stem().string() : options.alias;
  QUIRE_TRY(LocalServer server, LocalServer::start(server_options(options, name)));
  for (const std::string& note : options.notes) spdlog::info("without an effect: {}", note);
  warn_of_variables();
  if (!options.model.empty()) {
    Client client(server.url());
    QUIRE_TRY_VOID(load_model(client, name));
  }
  spdlog::info("quire {} listens on http://{}", QUIRE_VERSION, server.listens_on());
  server.wait();
  return {};
}

}  // namespace quire::cli
