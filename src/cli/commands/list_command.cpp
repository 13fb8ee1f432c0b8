#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/client.h"
#include "cli/commands/commands.h"
#include "cli/terminal/text_table.h"

namespace quire::cli {
namespace {

// "3 hours ago" for an RFC 3339 time; the text itself when it is not one.
std::string age_of(const std::string& rfc3339) {
  std::tm fields{};
  const char* rest = strptime(rfc3339.c_str(), "%Y-%m-%dT%H:%M:%S", &fields);
  if (rest == nullptr) return rfc3339;
  int64_t at = timegm(&fields);
  int hours = 0, minutes = 0;
  char sign = '+';
  while (*rest == '.' || (*rest >= '0' && *rest <= '9')) ++rest;
  if (std::sscanf(rest, "%c%2d:%2d", &sign, &hours, &minutes) == 3) {
    at -= (sign == '-' ? -1 : 1) * (hours * 60 + minutes) * 60;
  }
  return format_age(std::time(nullptr) - at);
}

}  // namespace

Result<void> list_command() {
  QUIRE_TRY(const load::HttpEndpoint endpoint, client_endpoint());
  QUIRE_TRY(const nlohmann::json reply, call_json(endpoint, "GET", "/api/tags", nullptr));
  TextTable table({"NAME", "ID", "SIZE", "MODIFIED"});
  for (const nlohmann::json& model : models_of(reply)) {
    table.add({text_at(model, "name"), short_id(model), size_text(model), age_of(text_at(model, "modified_at"))});
  }
  fmt::print("{}", table.text());
  return {};
}

}  // namespace quire::cli
