#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/client.h"
#include "cli/commands/commands.h"

namespace quire::cli {

Result<void> copy_command(const CopyOptions& options) {
  QUIRE_TRY(Client client, Client::from_environment());
  QUIRE_TRY_VOID(client.call("POST", "/api/copy", {{"source", options.source}, {"destination", options.destination}}));
  fmt::print("copied '{}' to '{}'\n", options.source, options.destination);
  return {};
}

}  // namespace quire::cli
