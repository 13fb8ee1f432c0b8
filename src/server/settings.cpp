#include "server/settings.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>
#include <string_view>

#include "api/duration.h"
#include "base/bytes.h"

namespace quire::server {
namespace {

// A variable that is set, and the name it was found by.
struct Variable {
  std::string name;
  std::string value;
};

class Environment {
 public:
  explicit Environment(const EnvironmentLookup& lookup) : lookup_(lookup) {}

  // QUIRE_ and the suffix, else OLLAMA_ and the suffix.
  std::optional<Variable> find(std::string_view suffix) const {
    for (const std::string_view prefix : {"QUIRE_", "OLLAMA_"}) {
      const std::string name = fmt::format("{}{}", prefix, suffix);
      const char* value = lookup_(name.c_str());
      if (value != nullptr && *value != '\0') return Variable{name, value};
    }
    return std::nullopt;
  }

  template <typename T>
  Result<void> read_integer(std::string_view suffix, int64_t min, T& target) const {
    const std::optional<Variable> variable = find(suffix);
    if (!variable) return {};
    constexpr int64_t max = std::numeric_limits<T>::max();
    int64_t number = 0;
    const char* end = variable->value.data() + variable->value.size();
    const auto [stop, error] = std::from_chars(variable->value.data(), end, number);
    if (error != std::errc() || stop != end || number < min || number > max) {
      return fail(ErrorKind::invalid, fmt::format("{}: expected an integer from {} to {}, found \"{}\"",
                                                  variable->name, min, max, variable->value));
    }
    target = static_cast<T>(number);
    return {};
  }

  template <typename T, typename Parse>
  Result<void> read_with(std::string_view suffix, Parse parse, T& target) const {
    const std::optional<Variable> variable = find(suffix);
    if (!variable) return {};
    auto parsed = parse(variable->value);
    if (!parsed) {
      return fail(ErrorKind::invalid, fmt::format("{}: {}", variable->name, parsed.error().message));
    }
    target = std::move(*parsed);
    return {};
  }

 private:
  const EnvironmentLookup& lookup_;
};

Result<int64_t> parse_timeout_ns(std::string_view text) {
  QUIRE_TRY(const int64_t ns, api::parse_duration_ns(text));
  if (ns < 0) return fail(ErrorKind::invalid, fmt::format("expected a duration that is not negative, found \"{}\"", text));
  return ns;
}

// "1" and "true" are 1, "0" and "false" 0; 2 asks for traces.
Result<int> parse_debug(std::string_view text) {
  if (text == "0" || text == "false") return 0;
  if (text == "1" || text == "true") return 1;
  if (text == "2") return 2;
  return fail(ErrorKind::invalid, fmt::format("expected 0, 1 or 2, found \"{}\"", text));
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

std::filesystem::path default_models_folder(const EnvironmentLookup& lookup) {
  const char* home = lookup("HOME");
  return std::filesystem::path(home != nullptr && *home != '\0' ? home : "/root") / ".quire" / "models";
}

}  // namespace

Result<HostPort> parse_host(std::string_view text, const HostPort& fallback) {
  const auto broken = [&] {
    return fail(ErrorKind::invalid, fmt::format("expected HOST, :PORT or HOST:PORT, found \"{}\"", text));
  };
  std::string_view rest = text;
  if (const size_t scheme = rest.find("://"); scheme != std::string_view::npos) rest.remove_prefix(scheme + 3);
  if (const size_t slash = rest.find('/'); slash != std::string_view::npos) rest = rest.substr(0, slash);
  std::string_view host = rest;
  std::string_view port;
  if (rest.starts_with('[')) {
    const size_t close = rest.find(']');
    if (close == std::string_view::npos) return broken();
    host = rest.substr(1, close - 1);
    port = rest.substr(close + 1);
    if (!port.empty() && !port.starts_with(':')) return broken();
  } else if (const size_t colon = rest.find(':'); colon != std::string_view::npos && colon == rest.rfind(':')) {
    host = rest.substr(0, colon);
    port = rest.substr(colon);
  }
  HostPort result = fallback;
  if (!host.empty()) result.host = host;
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), result.port);
    if (error != std::errc() || stop != port.data() + port.size()) return broken();
  }
  return result;
}

Result<uint64_t> parse_bytes(std::string_view text) {
  uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view unit(stop, static_cast<size_t>(text.data() + text.size() - stop));
  uint64_t scale = 1;
  if (!unit.empty()) {
    const size_t power = std::string_view("KMGT").find(unit[0] >= 'a' ? static_cast<char>(unit[0] - 32) : unit[0]);
    if (power != std::string_view::npos) {
      scale = uint64_t{1} << (10 * (power + 1));
      unit.remove_prefix(1);
    }
    if (unit == "iB" || unit == "B") unit = {};
  }
  const std::optional<uint64_t> bytes = checked_mul(number, scale);
  if (error != std::errc() || !unit.empty() || !bytes) {
    return fail(ErrorKind::invalid, fmt::format("expected a number of bytes such as 8G, found \"{}\"", text));
  }
  return *bytes;
}

Result<Settings> read_settings(const EnvironmentLookup& lookup) {
  const Environment environment(lookup);
  Settings settings;
  HostPort address{settings.host, settings.port};
  QUIRE_TRY_VOID(environment.read_with(
      "HOST", [&](std::string_view text) { return parse_host(text, address); }, address));
  settings.host = address.host;
  settings.port = address.port;
  const auto parallel = environment.find("NUM_PARALLEL");
  if (!parallel || parallel->value != "auto") {
    QUIRE_TRY_VOID(environment.read_integer("NUM_PARALLEL", 0, settings.parallel_max));
  }
  QUIRE_TRY_VOID(environment.read_integer("MAX_QUEUE", 1, settings.queue_max));
  QUIRE_TRY_VOID(environment.read_integer("MAX_QUEUE_TOKENS", 0, settings.queue_tokens_max));
  int32_t target_gap_ms = 0;
  QUIRE_TRY_VOID(environment.read_integer("TARGET_ITL_MS", 0, target_gap_ms));
  settings.target_gap_ns = int64_t{target_gap_ms} * 1'000'000;
  QUIRE_TRY_VOID(environment.read_with("CLIENT_WEIGHTS", parse_client_weights, settings.client_weights));
  int32_t models_max = 0;
  QUIRE_TRY_VOID(environment.read_integer("MAX_LOADED_MODELS", 0, models_max));
  if (models_max > 0) settings.models_max = models_max;
  QUIRE_TRY_VOID(environment.read_integer("CONTEXT_LENGTH", 0, settings.context_tokens));
  QUIRE_TRY_VOID(environment.read_integer("THREADS", 0, settings.threads));
  QUIRE_TRY_VOID(environment.read_with("KEEP_ALIVE", api::parse_duration_ns, settings.keep_alive_ns));
  QUIRE_TRY_VOID(environment.read_with("DRAIN_TIMEOUT", parse_timeout_ns, settings.drain_timeout_ns));
  QUIRE_TRY_VOID(environment.read_with("DEBUG", parse_debug, settings.debug));
  QUIRE_TRY_VOID(environment.read_with("MEMORY", parse_bytes, settings.memory_bytes));
  QUIRE_TRY_VOID(environment.read_with("LOG_FORMAT", parse_log_format, settings.log_format));
  QUIRE_TRY_VOID(environment.read_with("KV_CACHE_TYPE", parse_kv_type, settings.kv_type));
  if (const auto isa = environment.find("ISA")) settings.isa = isa->value;
  if (const auto root = environment.find("MACHINE_ROOT")) settings.machine_root = root->value;
  if (const auto origins = environment.find("ORIGINS")) settings.origins = split_list(origins->value);
  const auto folder = environment.find("MODELS");
  settings.models_folder = folder ? std::filesystem::path(folder->value) : default_models_folder(lookup);
  settings.tune_folder = settings.models_folder / "quire" / "tune";
  return settings;
}

}  // namespace quire::server
