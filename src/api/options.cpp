#include "api/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "api/fields.h"
#include "api/list_options.h"
#include "base/shown.h"

namespace quire::api {
namespace {

constexpr int64_t int32_max = std::numeric_limits<int32_t>::max();

struct IntegerOption {
  std::string_view name;
  int64_t min;
  int64_t max;
  void (*set)(GenerationOptions&, int64_t);
};

struct NumberOption {
  std::string_view name;
  double min;
  double max;
  void (*set)(GenerationOptions&, float);
};

struct FlagOption {
  std::string_view name;
  void (*set)(GenerationOptions&, bool);
};

int32_t clamp32(int64_t value) { return static_cast<int32_t>(std::min(value, int32_max)); }

constexpr double any_number_min = -1e9;  // whatever is below 0 counts as 0
constexpr int64_t any_min = std::numeric_limits<int64_t>::min();
constexpr int64_t any_max = std::numeric_limits<int64_t>::max();
constexpr auto set_num_predict = [](GenerationOptions& o, int64_t v) {
  o.num_predict = v < 0 ? -1 : clamp32(v);
  o.fills_context = v == -2;
};
constexpr auto ignore_integer = [](GenerationOptions&, int64_t) {};
constexpr auto ignore_flag = [](GenerationOptions&, bool) {};

// Load-time keys of Ollama are accepted and change nothing: memory, batch and threads are the server's own decision.
constexpr std::array integer_options{
    IntegerOption{"num_predict", -2, any_max, set_num_predict},
    IntegerOption{"n_predict", -2, any_max, set_num_predict},
    IntegerOption{"min_tokens", 0, any_max, [](GenerationOptions& o, int64_t v) { o.min_tokens = clamp32(v); }},
    IntegerOption{"min_keep", 0, any_max, [](GenerationOptions& o, int64_t v) { o.sampling.min_keep = clamp32(v); }},
    IntegerOption{"dry_allowed_length", 0, any_max,
                  [](GenerationOptions& o, int64_t v) { o.sampling.dry.allowed_length = clamp32(v); }},
    IntegerOption{"dry_penalty_last_n", -1, any_max,
                  [](GenerationOptions& o, int64_t v) { o.sampling.dry.penalty_last_n = clamp32(v); }},
    IntegerOption{"mirostat", 0, 2,
                  [](GenerationOptions& o, int64_t v) { o.sampling.mirostat.version = static_cast<uint8_t>(v); }},
    IntegerOption{"num_ctx", 0, any_max,
                  [](GenerationOptions& o, int64_t v) {
                    o.num_ctx = v == 0 ? std::nullopt : std::optional(clamp32(v));  // 0: the model's
                  }},
    IntegerOption{"num_keep", -1, any_max,
                  [](GenerationOptions& o, int64_t v) { o.num_keep = v < 0 ? keep_prompt : clamp32(v); }},
    IntegerOption{"seed", any_min, any_max,
                  [](GenerationOptions& o, int64_t v) {
                    o.seed = v == -1 ? std::nullopt : std::optional(static_cast<uint64_t>(v));
                  }},
    IntegerOption{"top_k", any_min, any_max,
                  [](GenerationOptions& o, int64_t v) { o.sampling.top_k = v < 0 ? 0 : clamp32(v); }},
    IntegerOption{"repeat_last_n", -1, any_max,
                  [](GenerationOptions& o, int64_t v) { o.sampling.repeat_last_n = clamp32(v); }},
    IntegerOption{"num_batch", any_min, any_max, ignore_integer},
    IntegerOption{"num_gpu", any_min, any_max,
                  [](GenerationOptions& o, int64_t v) { o.gpu_layers = v < 0 ? std::nullopt : std::optional(v); }},
    IntegerOption{"main_gpu", any_min, any_max, ignore_integer},
    IntegerOption{"num_thread", any_min, any_max, ignore_integer},
    IntegerOption{"draft_num_predict", any_min, any_max,
                  [](GenerationOptions& o, int64_t v) { o.guesses_max = v < 0 ? -1 : clamp32(v); }},
};

constexpr std::array number_options{
    // Below 0 is 0: the likeliest token.
    NumberOption{"temperature", any_number_min, 100,
                 [](GenerationOptions& o, float v) { o.sampling.temperature = std::max(0.0F, v); }},
    NumberOption{"top_p", 0, 1, [](GenerationOptions& o, float v) { o.sampling.top_p = v; }},
    NumberOption{"min_p", 0, 1, [](GenerationOptions& o, float v) { o.sampling.min_p = v; }},
    NumberOption{"typical_p", 0, 1, [](GenerationOptions& o, float v) { o.sampling.typical_p = v; }},
    NumberOption{"repeat_penalty", 0.01, 100, [](GenerationOptions& o, float v) { o.sampling.repeat_penalty = v; }},
    NumberOption{"presence_penalty", -100, 100, [](GenerationOptions& o, float v) { o.sampling.presence_penalty = v; }},
    NumberOption{"frequency_penalty", -100, 100,
                 [](GenerationOptions& o, float v) { o.sampling.frequency_penalty = v; }},
    NumberOption{"repetition_penalty", 0.01, 100,
                 [](GenerationOptions& o, float v) { o.sampling.repetition_penalty = v; }},
    NumberOption{"dynatemp_range", 0, 100, [](GenerationOptions& o, float v) { o.sampling.dynatemp_range = v; }},
    NumberOption{"dynatemp_exponent", 0, 100, [](GenerationOptions& o, float v) { o.sampling.dynatemp_exponent = v; }},
    // Below 0 is off, as 0.
    NumberOption{"top_n_sigma", any_number_min, 100,
                 [](GenerationOptions& o, float v) { o.sampling.top_n_sigma = std::max(0.0F, v); }},
    NumberOption{"xtc_probability", 0, 1, [](GenerationOptions& o, float v) { o.sampling.xtc.probability = v; }},
    NumberOption{"xtc_threshold", 0, 1, [](GenerationOptions& o, float v) { o.sampling.xtc.threshold = v; }},
    NumberOption{"dry_multiplier", 0, 100, [](GenerationOptions& o, float v) { o.sampling.dry.multiplier = v; }},
    NumberOption{"dry_base", 1, 1000, [](GenerationOptions& o, float v) { o.sampling.dry.base = v; }},
    NumberOption{"mirostat_tau", 0, 100, [](GenerationOptions& o, float v) { o.sampling.mirostat.tau = v; }},
    NumberOption{"mirostat_eta", 0, 10, [](GenerationOptions& o, float v) { o.sampling.mirostat.eta = v; }},
};

constexpr std::array flag_options{
    FlagOption{"ignore_eos", [](GenerationOptions& o, bool v) { o.ignore_eos = v; }},
    FlagOption{"cache_prompt", [](GenerationOptions& o, bool v) { o.cache_prompt = v; }},
    FlagOption{"use_mmap", ignore_flag},
};

template <typename Options>
const typename Options::value_type* find_option(const Options& options, std::string_view name) {
  const auto it = std::ranges::find_if(options, [&](const auto& option) { return option.name == name; });
  return it == options.end() ? nullptr : &*it;
}

ApiResult<void> apply_integer(const IntegerOption& option, const nlohmann::json& value, GenerationOptions& target) {
  const std::optional<int64_t> number = value.is_number() ? whole_number(value) : std::nullopt;
  if (!number) return wrong_option_type(option.name, "integer");
  if (*number < option.min || *number > option.max) {
    const std::string range = option.max == any_max ? fmt::format("at least {}", option.min)
                                                    : fmt::format("from {} to {}", option.min, option.max);
    return refuse(400, fmt::format("option \"{}\" must be {}, got {}", option.name, range, *number),
                  std::string(option.name));
  }
  option.set(target, *number);
  return {};
}

ApiResult<void> apply_number(const NumberOption& option, const nlohmann::json& value, GenerationOptions& target) {
  if (!value.is_number()) return wrong_option_type(option.name, "float32");
  const auto number = value.get<double>();
  if (!(number >= option.min && number <= option.max)) {
    const std::string range = option.min > any_number_min ? fmt::format("from {} to {}", option.min, option.max)
                                                          : fmt::format("at most {}", option.max);
    return refuse(400, fmt::format("option \"{}\" must be {}, got {}", option.name, range, value.dump()),
                  std::string(option.name));
  }
  option.set(target, static_cast<float>(number));
  return {};
}

}  // namespace

std::unexpected<ApiError> wrong_option_type(std::string_view name, std::string_view type) {
  return refuse(400, fmt::format("option \"{}\" must be of type {}", name, type), std::string(name));
}

std::string_view native_name(std::string_view option) { return option == "n_predict" ? "num_predict" : option; }

std::string names_text(std::span<const std::string> names) {
  constexpr size_t names_max = 8;
  constexpr size_t name_bytes_max = 40;
  std::string text;
  for (const std::string& name : names.first(std::min(names.size(), names_max))) {
    text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", shown(name, name_bytes_max));
  }
  if (names.size() > names_max) text += fmt::format(" and {} more", names.size() - names_max);
  return text;
}

ApiResult<void> apply_options(const nlohmann::json& options, GenerationOptions& target,
                              std::vector<std::string>& unknown) {
  for (const auto& [name, value] : options.items()) {
    if (value.is_null()) continue;
    if (const IntegerOption* integer = find_option(integer_options, name)) {
      QUIRE_TRY_VOID(apply_integer(*integer, value, target));
    } else if (const NumberOption* number = find_option(number_options, name)) {
      QUIRE_TRY_VOID(apply_number(*number, value, target));
    } else if (const FlagOption* flag = find_option(flag_options, name)) {
      if (!value.is_boolean()) return wrong_option_type(name, "boolean");
      flag->set(target, value.get<bool>());
    } else if (const ListOption* list = find_list_option(name)) {
      QUIRE_TRY_VOID(list->apply(value, target));
    } else {
      unknown.push_back("options." + name);
    }
  }
  return {};
}

}  // namespace quire::api
