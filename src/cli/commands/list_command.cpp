#include "cli/commands/list_command.h"

#include <fmt/format.h>

#include "cli/commands/commands.h"
#include "cli/terminal/human.h"
#include "cli/terminal/listing.h"
#include "store/model_name.h"

namespace quire::cli {
namespace {

// "3 hours ago"; "Never" for a file that has no time.
std::string age_text(const std::string& rfc3339) {
  const auto at_ns = unix_ns_of(rfc3339);
  if (!at_ns) return "Never";
  return human_age((unix_now_ns() - *at_ns) / 1'000'000'000);
}

}  // namespace

Result<std::string> list_text(Client& client, std::string_view prefix) {
  QUIRE_TRY(const nlohmann::json reply, client.call("GET", "/api/tags"));
  Listing table({"NAME", "ID", "SIZE", "MODIFIED"});
  for (const nlohmann::json& model : array_at(reply, "models")) {
    const std::string name = text_at(model, "name");
    if (!lower_case(name).starts_with(lower_case(prefix))) continue;
    const bool elsewhere = !text_at(model, "remote_model").empty();
    table.add({name, std::string(short_digest(text_at(model, "digest"))),
               elsewhere ? "-" : human_bytes(number_at(model, "size")), age_text(text_at(model, "modified_at"))});
  }
  return table.text();
}

Result<void> list_command(const ListOptions& options) {
  QUIRE_TRY(Client client, Client::from_environment());
  QUIRE_TRY(const std::string text, list_text(client, options.prefix));
  fmt::print("{}", text);
  return {};
}

}  // namespace quire::cli
