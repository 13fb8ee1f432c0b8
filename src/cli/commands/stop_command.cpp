#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/client.h"
#include "cli/commands/commands.h"

namespace quire::cli {

// A request without a prompt that keeps nothing alive unloads the model once it is idle.
Result<void> stop_command(const std::string& model) {
  QUIRE_TRY(Client client, Client::from_environment());
  const nlohmann::json body = {{"model", model}, {"keep_alive", 0}, {"stream", false}};
  const auto reply = client.call("POST", "/api/generate", body);
  if (reply) return {};
  if (reply.error().kind != ErrorKind::not_found) return std::unexpected(reply.error());
  return fail(ErrorKind::not_found, fmt::format("couldn't find model \"{}\" to stop", model));
}

}  // namespace quire::cli
