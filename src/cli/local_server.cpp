#include "cli/local_server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <system_error>
#include <thread>

#include "base/clock.h"
#include "base/host_port.h"
#include "cli/machine.h"
#include "cli/model_file.h"
#include "server/models/engine_model.h"
#include "server/models_folder.h"
#include "server/observe/event_log.h"
#include "server/server.h"
#include "store/catalog.h"

namespace quire::cli {

struct LocalServer::Parts {
  SteadyClock clock;
  std::unique_ptr<Machine> machine;
  std::unique_ptr<server::EngineModelLoader> loader;
  std::unique_ptr<server::Server> server;
  std::thread thread;

  ~Parts() {
    if (!thread.joinable()) return;
    server->stop();
    thread.join();
  }
};

namespace {

// quire's own folder, and Ollama's.
store::Catalog catalog_of_folders(const server::Settings& settings) {
  const char* home = std::getenv("HOME");
  const store::OllamaFolders ollama = store::find_ollama_folders(home == nullptr ? "" : home, settings.models_folder);
  for (const std::string& problem : ollama.problems) spdlog::warn("{}", problem);
  return store::Catalog(settings.models_folder, ollama.folders);
}

// The model that guesses: a file, or one of the catalog's.
Result<std::optional<store::ModelFile>> find_draft(const store::Catalog& catalog, const std::string& model) {
  if (model.empty()) return std::nullopt;
  const auto of_guesses = [&](const Error& error) {
    return fail(error.kind, fmt::format("the draft model: {}", error.message));
  };
  store::Catalog files{std::filesystem::path()};
  const Result<void> file = is_gguf_name(model) ? files.add(model) : fail(ErrorKind::not_found, "");
  if (is_gguf_name(model) && !file) return of_guesses(file.error());
  const Result<store::ModelFile> found = file ? files.find(model_name_of(model)) : catalog.find(model);
  if (!found) return of_guesses(found.error());
  return *found;
}

}  // namespace

Result<LocalServer> LocalServer::start(const LocalServerOptions& options) {
  QUIRE_TRY(server::Settings settings, server::read_settings([](const char* name) { return std::getenv(name); }));
  if (options.host) settings.host = *options.host;
  if (options.port) settings.port = *options.port;
  if (options.threads) settings.threads = *options.threads;
  if (options.log_format) settings.log_format = *options.log_format;
  if (options.context_tokens) settings.context_tokens = *options.context_tokens;
  if (options.parallel_max) settings.parallel_max = *options.parallel_max;
  if (options.kv_type) settings.kv_type = *options.kv_type;
  settings.shift_keep = options.shift_keep;
  if (options.draft) server::set_draft(*options.draft, settings);
  if (options.drain_timeout_ns) settings.drain_timeout_ns = *options.drain_timeout_ns;

  // Whoever names files needs no folder: a usual one that cannot be made is no error then.
  if (!options.serves_given_only && (!settings.models_variable.empty() || options.models.empty())) {
    const std::string& variable = settings.models_variable;
    QUIRE_TRY_VOID(server::prepare_models_folder(settings.models_folder, variable.empty() ? "QUIRE_MODELS" : variable));
  }
  store::Catalog catalog =
      options.serves_given_only ? store::Catalog(std::filesystem::path()) : catalog_of_folders(settings);
  server::Server::Config config{
      .settings = settings, .seed = std::random_device{}(), .handles_signals = options.handles_signals};
  config.needs_preloaded = options.serves_given_only;
  config.read_memory = [root = settings.machine_root] { return server::read_machine_memory(root); };
  for (const std::string& model : options.models) {
    QUIRE_TRY_VOID(catalog.add(model));
    config.preload.push_back(model_name_of(model));
  }

  server::set_log_format(settings.log_format);
  if (settings.debug > 0) spdlog::set_level(settings.debug > 1 ? spdlog::level::trace : spdlog::level::debug);
  for (const std::string& warning : settings.warnings) spdlog::warn("{}", warning);
  auto parts = std::make_unique<Parts>();
  QUIRE_TRY(const Machine::Options machine, machine_options(settings));
  QUIRE_TRY(parts->machine, Machine::create(machine));
  for (const std::string& line : parts->machine->describe_gpus()) spdlog::info("{}", line);
  config.registry = [clock = &parts->clock] { return store::registry::machine_surroundings(*clock); };
  config.busy_ns = [machine = parts->machine.get()] { return machine->busy_ns(); };
  config.read_devices = [machine = parts->machine.get()] { return machine->read_gpus(); };
  QUIRE_TRY(std::optional<store::ModelFile> draft, find_draft(catalog, settings.draft_model));
  parts->loader = std::make_unique<server::EngineModelLoader>(server::EngineSurroundings{
      .settings = settings,
      .make_runner = server::weight_runners(parts->machine->weight_loader(), parts->machine->workers(),
                                            server::model_options(settings)),
      .clock = parts->clock,
      .draft = std::move(draft)});
  QUIRE_TRY(parts->server, server::Server::open(std::move(config), std::move(catalog), *parts->loader, parts->clock));
  const HostPort reached = reachable({parts->server->address(), parts->server->port()});
  load::HttpEndpoint endpoint{.host = reached.host, .port = reached.port};
  try {
    parts->thread = std::thread([server = parts->server.get()] { server->run(); });
  } catch (const std::system_error& error) {
    return fail(ErrorKind::io, fmt::format("cannot start a thread: {}", error.what()));
  }
  return LocalServer(std::move(parts), std::move(endpoint));
}

std::string model_name_of(const std::string& spec) { return store::parse_model_spec(spec).name; }

LocalServer::LocalServer(std::unique_ptr<Parts> parts, load::HttpEndpoint endpoint)
    : parts_(std::move(parts)), endpoint_(std::move(endpoint)) {}
LocalServer::LocalServer(LocalServer&&) noexcept = default;
LocalServer& LocalServer::operator=(LocalServer&&) noexcept = default;
LocalServer::~LocalServer() = default;
void LocalServer::wait() { parts_->thread.join(); }
std::string LocalServer::url() const {
  return "http://" + host_port_text({.host = endpoint_.host, .port = endpoint_.port});
}
std::string LocalServer::listens_on() const {
  return host_port_text({parts_->server->address(), parts_->server->port()});
}

}  // namespace quire::cli
