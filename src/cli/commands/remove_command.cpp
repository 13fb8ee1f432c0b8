#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/client.h"
#include "cli/commands/commands.h"

namespace quire::cli {

Result<void> remove_command(const std::vector<std::string>& models) {
  QUIRE_TRY(Client client, Client::from_environment());
  for (const std::string& model : models) {
    // Out of memory first: nobody is left with a model that is gone.
    const auto stopped = unload_model(client, model);
    if (!stopped && stopped.error().kind == ErrorKind::io) return std::unexpected(stopped.error());
    if (!stopped && stopped.error().kind != ErrorKind::not_found) {
      fmt::print(stderr, "Warning: unable to stop model '{}' ({})\n", model, stopped.error().message);
    }
    QUIRE_TRY_VOID(client.call("DELETE", "/api/delete", {{"model", model}}));
    fmt::print("deleted '{}'\n", model);
    std::fflush(stdout);
  }
  return {};
}

}  // namespace quire::cli
