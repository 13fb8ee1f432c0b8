#include <nlohmann/json.hpp>

#include "cli/client.h"
#include "cli/commands/commands.h"

namespace quire::cli {

// A request without a prompt that keeps nothing alive unloads the model once it is idle.
Result<void> stop_command(const std::string& model) {
  QUIRE_TRY(const load::HttpEndpoint endpoint, client_endpoint());
  const nlohmann::json body = {{"model", model}, {"keep_alive", 0}, {"stream", false}};
  QUIRE_TRY(const nlohmann::json reply, call_json(endpoint, "POST", "/api/generate", body));
  return {};
}

}  // namespace quire::cli
