#include <spdlog/spdlog.h>

#include "cli/commands/commands.h"
#include "cli/local_server.h"

namespace quire::cli {

Result<void> serve_command(const ServeOptions& options) {
  spdlog::set_level(spdlog::level::info);
  LocalServerOptions start{.models = options.models,
                           .host = options.host,
                           .port = options.port,
                           .threads = options.threads,
                           .draft = options.draft,
                           .handles_signals = true};
  if (options.log_format) {
    QUIRE_TRY(start.log_format, server::parse_log_format(*options.log_format));
  }
  QUIRE_TRY(LocalServer server, LocalServer::start(start));
  spdlog::info("quire {} listens on http://{}", QUIRE_VERSION, server.listens_on());
  server.wait();
  spdlog::info("stopped");
  return {};
}

}  // namespace quire::cli
