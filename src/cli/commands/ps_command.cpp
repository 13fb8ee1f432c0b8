#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/client.h"
#include "cli/commands/commands.h"
#include "cli/terminal/human.h"
#include "cli/terminal/listing.h"

namespace quire::cli {
namespace {

using nlohmann::json;

std::string processor(const json& model) {
  const int64_t size = number_at(model, "size"), on_gpu = number_at(model, "size_vram");
  if (on_gpu == 0) return "100% CPU";
  if (on_gpu == size) return "100% GPU";
  if (on_gpu > size) return "Unknown";
  const long cpu = std::lround(static_cast<double>(size - on_gpu) / static_cast<double>(size) * 100);
  return fmt::format("{}%/{}% CPU/GPU", cpu, 100 - cpu);
}

std::string until(const json& model) {
  const std::string expires = text_at(model, "expires_at");
  const auto at_ns = unix_ns_of(expires);
  // Servers write "never" as a date that nobody will see, or as none.
  if (!at_ns || expires.substr(0, 4) < "1970") return "Never";
  const int64_t left_ns = *at_ns - unix_now_ns();
  return left_ns < 0 ? "Stopping..." : human_age(-(left_ns / 1'000'000'000) - (left_ns == 0 ? 0 : 1));
}

// How many contexts may run together now, of how many at most.
std::string parallel(const json& model) {
  const auto controller = model.find("controller");
  if (controller == model.end()) return "-";  // another server
  return fmt::format("{}/{}", number_at(*controller, "parallel"), number_at(*controller, "parallel_max"));
}

}  // namespace

Result<void> ps_command(const ListOptions& options) {
  QUIRE_TRY(Client client, Client::from_environment());
  QUIRE_TRY(const json reply, client.call("GET", "/api/ps"));
  // Ollama's columns first and in its order: programs count them from the left.
  Listing table({"NAME", "ID", "SIZE", "PROCESSOR", "CONTEXT", "UNTIL", "RUNNING", "WAITING", "PARALLEL"});
  for (const json& model : array_at(reply, "models")) {
    const std::string name = text_at(model, "name");
    if (!name.starts_with(options.prefix)) continue;
    table.add({name, std::string(short_digest(text_at(model, "digest"))), human_bytes(number_at(model, "size")),
               processor(model), std::to_string(number_at(model, "context_length")), until(model),
               std::to_string(number_at(model, "requests_running")),
               std::to_string(number_at(model, "requests_waiting")), parallel(model)});
  }
  fmt::print("{}", table.text());
  return {};
}

}  // namespace quire::cli
