#include <fmt/format.h>

#include "cli/client.h"
#include "cli/commands/commands.h"

namespace quire::cli {

Result<void> stop_command(const std::string& model) {
  QUIRE_TRY(Client client, Client::from_environment());
  const auto unloaded = unload_model(client, model);
  if (unloaded || unloaded.error().kind != ErrorKind::not_found) return unloaded;
  return fail(ErrorKind::not_found, fmt::format("couldn't find model \"{}\" to stop", model));
}

}  // namespace quire::cli
