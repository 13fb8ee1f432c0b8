#include <spdlog/spdlog.h>

#include "cli/commands.h"
#include "cli/local_server.h"
#include "cli/signals.h"

namespace quire::cli {

Result<void> serve_command(const ServeOptions& options) {
  HeldSignals signals;  // before any thread is started
  spdlog::set_level(spdlog::level::info);
  QUIRE_TRY(const LocalServer server, LocalServer::start({.models = options.models, .host = options.host,
                                                          .port = options.port, .threads = options.threads}));
  spdlog::info("quire {} listens on http://{}:{}", QUIRE_VERSION, server.endpoint().host, server.endpoint().port);
  signals.wait();
  spdlog::info("stopping");
  return {};
}

}  // namespace quire::cli
