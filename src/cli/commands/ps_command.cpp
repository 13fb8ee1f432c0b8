#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/client.h"
#include "cli/commands/commands.h"
#include "cli/terminal/text_table.h"

namespace quire::cli {
namespace {

std::string until(const nlohmann::json& model) {
  const std::string expires = text_at(model, "expires_at");
  const std::string year = expires.substr(0, 4);
  // Servers write "never" as a date that nobody will see.
  if (expires.empty() || year < "1970" || year > "2200") return "Forever";
  return expires;
}

// How many contexts may run together now, of how many at most.
std::string parallel(const nlohmann::json& model) {
  const auto controller = model.find("controller");
  if (controller == model.end()) return "-";  // another server
  return fmt::format("{}/{}", number_at(*controller, "parallel"), number_at(*controller, "parallel_max"));
}

}  // namespace

Result<void> ps_command() {
  QUIRE_TRY(const load::HttpEndpoint endpoint, client_endpoint());
  QUIRE_TRY(const nlohmann::json reply, call_json(endpoint, "GET", "/api/ps", nullptr));
  TextTable table({"NAME", "ID", "SIZE", "PROCESSOR", "CONTEXT", "RUNNING", "WAITING", "PARALLEL", "UNTIL"});
  for (const nlohmann::json& model : models_of(reply)) {
    table.add({text_at(model, "name"), short_id(model), size_text(model), "100% CPU",
               std::to_string(number_at(model, "context_length")), std::to_string(number_at(model, "requests_running")),
               std::to_string(number_at(model, "requests_waiting")), parallel(model), until(model)});
  }
  fmt::print("{}", table.text());
  return {};
}

}  // namespace quire::cli
