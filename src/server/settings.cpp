#include "server/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>

#include "api/duration.h"
#include "base/ascii.h"
#include "base/bytes.h"

namespace quire::server {
namespace {

template <typename T>
Result<void> read_number(const Environment& environment, std::string_view suffix, int64_t min, T& target) {
  auto number = static_cast<int64_t>(target);
  QUIRE_TRY_VOID(environment.read_integer(suffix, min, std::numeric_limits<T>::max(), number));
  target = static_cast<T>(number);
  return {};
}

Result<int64_t> parse_timeout_ns(std::string_view text) {
  QUIRE_TRY(const int64_t ns, api::parse_duration_ns(text));
  if (ns < 0)
    return fail(ErrorKind::invalid, fmt::format("expected a duration that is not negative, found \"{}\"", text));
  return ns;
}

// A truth value, or a number: 2 and more ask for traces, what is negative for less than usual. INFO is how Ollama's own
// log calls 0.
Result<int> parse_debug(std::string_view text) {
  if (text == "INFO") return 0;
  if (const auto truth = parse_truth(text)) return *truth ? 1 : 0;
  int level = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), level);
  if (error == std::errc() && stop == text.data() + text.size()) return std::clamp(level, 0, 2);
  return fail(ErrorKind::invalid, fmt::format("expected 0, 1 or 2, found \"{}\"", text));
}

// How keys and values are kept. Ollama hands the word on to llama.cpp, which knows more of them: q8_0 is the nearest to
// what is smaller still, f16 to the rest.
Result<void> read_kv_type(const Environment& environment, KvType& target) {
  constexpr std::string_view suffix = "KV_CACHE_TYPE";
  std::optional<Variable> variable = environment.find(suffix);
  if (!variable) return {};
  variable->value = lower_case(variable->value);
  constexpr std::array<std::string_view, 5> smaller = {"q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1"};
  constexpr std::array<std::string_view, 2> larger = {"f32", "bf16"};
  if (variable->is_ollamas()) {
    if (std::ranges::find(smaller, variable->value) != smaller.end()) {
      environment.warn(*variable, fmt::format("{} is not served; q8_0 is used", variable->value));
      target = KvType::q8_0;
      return {};
    }
    if (std::ranges::find(larger, variable->value) != larger.end()) {
      environment.warn(*variable, fmt::format("{} is not served; f16 is used", variable->value));
      return {};
    }
  }
  return environment.read_with(
      suffix, [&](std::string_view) { return parse_kv_type(variable->value); }, target);
}

Result<HostPort> read_address(const Environment& environment) {
  const HostPort usual{Settings{}.host, Settings{}.port};
  HostPort address = usual;
  QUIRE_TRY_VOID(environment.read_with(
      "HOST", [&](std::string_view text) { return parse_host(text, usual); }, address));
  return address;
}

// MAX_QUEUE=0 lets nothing wait in Ollama; here a request waits at least until the next step begins.
Result<void> read_queue(const Environment& environment, Settings& settings) {
  const std::optional<Variable> variable = environment.find("MAX_QUEUE");
  if (variable && variable->is_ollamas() && variable->value == "0") {
    environment.warn(*variable, "a request waits at least until the next step begins; 1 is used");
    settings.queue_max = 1;
  } else {
    QUIRE_TRY_VOID(read_number(environment, "MAX_QUEUE", 1, settings.queue_max));
  }
  return read_number(environment, "MAX_QUEUE_TOKENS", 0, settings.queue_tokens_max);
}

Result<void> read_parallel(const Environment& environment, Settings& settings) {
  const std::optional<Variable> variable = environment.find("NUM_PARALLEL");
  if (variable && variable->value == "auto") return {};
  return read_number(environment, "NUM_PARALLEL", 0, settings.parallel_max);
}

// Set for Ollama, and without a meaning here: said once, so that nobody waits for an effect.
void warn_of_ollamas_own(const EnvironmentLookup& lookup, std::vector<std::string>& warnings) {
  constexpr std::string_view names[] = {"OLLAMA_FLASH_ATTENTION",
                                        "OLLAMA_SCHED_SPREAD",
                                        "OLLAMA_GPU_OVERHEAD",
                                        "OLLAMA_IGPU_ENABLE",
                                        "OLLAMA_INTEL_GPU",
                                        "OLLAMA_VULKAN",
                                        "OLLAMA_LLM_LIBRARY",
                                        "OLLAMA_LOAD_TIMEOUT",
                                        "OLLAMA_MAX_VRAM",
                                        "OLLAMA_NEW_ENGINE",
                                        "OLLAMA_DEBUG_LOG_REQUESTS",
                                        "OLLAMA_MULTIUSER_CACHE",
                                        "OLLAMA_REMOTES",
                                        "OLLAMA_AUTH",
                                        "OLLAMA_CREATE_REMOTE",
                                        "OLLAMA_GO_TEMPLATE",
                                        "OLLAMA_MAX_TRANSFER_STREAMS",
                                        "OLLAMA_NOPRUNE"};
  std::string found;
  for (const std::string_view name : names) {
    const char* value = lookup(std::string(name).c_str());
    if (value != nullptr && *value != '\0') found.append(found.empty() ? "" : ", ").append(name);
  }
  if (!found.empty()) warnings.push_back(found + ": set, but without a meaning here");
}

// Negative: as many as fit, as Ollama's num_gpu has it.
Result<std::optional<int64_t>> parse_gpu_layers(std::string_view text) {
  if (text == "auto") return std::nullopt;
  int64_t layers = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), layers);
  if (error != std::errc() || stop != text.data() + text.size()) {
    return fail(ErrorKind::invalid, fmt::format("expected a number of layers or auto, found \"{}\"", text));
  }
  return layers < 0 ? std::nullopt : std::optional(layers);
}

Result<uint64_t> parse_store_bytes(std::string_view text) {
  return lower_case(text) == "off" ? Result<uint64_t>(0) : parse_bytes(text);
}

std::filesystem::path default_models_folder(const EnvironmentLookup& lookup) {
  const char* home = lookup("HOME");
  return std::filesystem::path(home != nullptr && *home != '\0' ? home : "/root") / ".quire" / "models";
}

}  // namespace

Result<uint64_t> parse_bytes(std::string_view text) {
  uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view unit(stop, static_cast<size_t>(text.data() + text.size() - stop));
  uint64_t scale = 1;
  if (!unit.empty()) {
    const size_t power = std::string_view("kmgt").find(lower_case(unit[0]));
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

void set_draft(std::string_view text, Settings& settings) {
  const std::string word = lower_case(text);
  settings.drafts = word != "off";
  settings.mtp_drafts = word == "auto";
  settings.draft_model = word == "off" || word == "lookup" || word == "auto" ? "" : std::string(text);
}

Result<Settings> read_settings(const EnvironmentLookup& lookup) {
  Settings settings;
  const Environment environment(lookup, settings.warnings);
  QUIRE_TRY(const HostPort address, read_address(environment));
  settings.host = address.host;
  settings.port = address.port;
  if (address.is_https) environment.warn(*environment.find("HOST"), "TLS is not served; a proxy in front may speak it");
  QUIRE_TRY_VOID(read_parallel(environment, settings));
  QUIRE_TRY_VOID(read_queue(environment, settings));
  int32_t target_gap_ms = 0;
  QUIRE_TRY_VOID(read_number(environment, "TARGET_ITL_MS", 0, target_gap_ms));
  settings.target_gap_ns = int64_t{target_gap_ms} * 1'000'000;
  QUIRE_TRY_VOID(environment.read_with("CLIENT_WEIGHTS", parse_client_weights, settings.client_weights));
  int32_t models_max = 0;
  QUIRE_TRY_VOID(read_number(environment, "MAX_LOADED_MODELS", 0, models_max));
  if (models_max > 0) settings.models_max = models_max;
  QUIRE_TRY_VOID(read_number(environment, "CONTEXT_LENGTH", 0, settings.context_tokens));
  QUIRE_TRY_VOID(read_number(environment, "THREADS", 0, settings.threads));
  QUIRE_TRY_VOID(environment.read_with("KEEP_ALIVE", api::parse_duration_ns, settings.keep_alive_ns));
  QUIRE_TRY_VOID(environment.read_with("DRAIN_TIMEOUT", parse_timeout_ns, settings.drain_timeout_ns));
  QUIRE_TRY_VOID(environment.read_with("DEBUG", parse_debug, settings.debug));
  QUIRE_TRY_VOID(environment.read_with("MEMORY", parse_bytes, settings.memory_bytes));
  QUIRE_TRY_VOID(environment.read_with("LOG_FORMAT", parse_log_format, settings.log_format));
  QUIRE_TRY_VOID(read_kv_type(environment, settings.kv_type));
  if (const auto draft = environment.find("DRAFT")) set_draft(draft->value, settings);
  if (const auto isa = environment.find("ISA")) settings.isa = isa->value;
  if (const auto device = environment.find("DEVICE")) settings.device = device->value;
  QUIRE_TRY_VOID(environment.read_with("GPU_LAYERS", parse_gpu_layers, settings.gpu_layers));
  if (const auto library = environment.find("CUDA_LIBRARY")) settings.cuda_library = library->value;
  if (const auto library = environment.find("VULKAN_LIBRARY")) settings.vulkan_library = library->value;
  if (const auto root = environment.find("MACHINE_ROOT")) settings.machine_root = root->value;
  if (const auto origins = environment.find("ORIGINS")) {
    for (const std::string_view origin : comma_items(origins->value)) {
      if (!origin.empty()) settings.origins.emplace_back(origin);
    }
  }
  const auto folder = environment.find("MODELS");
  settings.models_folder = folder ? std::filesystem::path(folder->value) : default_models_folder(lookup);
  if (folder) settings.models_variable = folder->name;
  settings.tune_folder = settings.models_folder / "quire" / "tune";
  settings.response_folder = settings.models_folder / "quire" / "responses";
  QUIRE_TRY_VOID(environment.read_with("RESPONSE_STORE", parse_store_bytes, settings.response_bytes_max));
  warn_of_ollamas_own(lookup, settings.warnings);
  return settings;
}

}  // namespace quire::server
