#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "store/json_text.h"
#include "store/modelfile.h"

namespace quire::store {
namespace {

enum class Type { integer, number, boolean, texts };

struct Known {
  std::string_view name;
  Type type;
};

// Ollama's options (api/types.go, Options and Runner).
constexpr std::array<Known, 20> known_parameters = {{{"num_keep", Type::integer},
                                                     {"seed", Type::integer},
                                                     {"num_predict", Type::integer},
                                                     {"top_k", Type::integer},
                                                     {"top_p", Type::number},
                                                     {"min_p", Type::number},
                                                     {"typical_p", Type::number},
                                                     {"repeat_last_n", Type::integer},
                                                     {"temperature", Type::number},
                                                     {"repeat_penalty", Type::number},
                                                     {"presence_penalty", Type::number},
                                                     {"frequency_penalty", Type::number},
                                                     {"stop", Type::texts},
                                                     {"num_ctx", Type::integer},
                                                     {"num_batch", Type::integer},
                                                     {"num_gpu", Type::integer},
                                                     {"main_gpu", Type::integer},
                                                     {"use_mmap", Type::boolean},
                                                     {"num_thread", Type::integer},
                                                     {"draft_num_predict", Type::integer}}};

constexpr std::array<std::string_view, 9> former_parameters = {"penalize_newline", "low_vram",     "f16_kv",
                                                               "logits_all",       "vocab_only",   "use_mlock",
                                                               "mirostat",         "mirostat_tau", "mirostat_eta"};

template <typename T>
std::optional<T> parsed(std::string_view text) {
  T value{};
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Json> value_of(Type type, const std::string& text) {
  switch (type) {
    case Type::integer: {
      const std::optional<int64_t> value = parsed<int64_t>(text);
      return value ? std::optional<Json>(*value) : std::nullopt;
    }
    case Type::number: {
      // Ollama's options are of 32 bits; as JSON they have the digits that people wrote: 0.9 and not
      // 0.8999999761581421.
      const std::optional<float> value = parsed<float>(text);
      return value && std::isfinite(*value) ? std::optional<Json>(parse_json(fmt::format("{}", *value))) : std::nullopt;
    }
    case Type::boolean:
      for (const char* word : {"1", "t", "T", "true", "TRUE", "True"}) {
        if (text == word) return Json(true);
      }
      for (const char* word : {"0", "f", "F", "false", "FALSE", "False"}) {
        if (text == word) return Json(false);
      }
      return std::nullopt;
    case Type::texts:
      return Json(text);
  }
  return std::nullopt;
}

std::string_view type_name(Type type) {
  switch (type) {
    case Type::integer:
      return "int";
    case Type::number:
      return "float";
    case Type::boolean:
      return "bool";
    case Type::texts:
      break;
  }
  return "string";
}

}  // namespace

Result<ModelfileParameters> parameters_json(const std::vector<Modelfile::Parameter>& parameters) {
  ModelfileParameters result;
  Json object = Json::object();
  for (const auto& [name, text] : parameters) {
    if (std::ranges::find(former_parameters, name) != former_parameters.end()) {
      result.warnings.push_back(fmt::format("parameter {} is deprecated", name));
      continue;
    }
    const auto known = std::ranges::find(known_parameters, name, &Known::name);
    if (known == known_parameters.end()) return fail(ErrorKind::invalid, fmt::format("unknown parameter '{}'", name));
    const std::optional<Json> value = value_of(known->type, text);
    if (!value) {
      return fail(ErrorKind::invalid,
                  fmt::format("invalid {} value [{}] of parameter '{}'", type_name(known->type), text, name));
    }
    if (known->type == Type::texts) {
      object[name].push_back(*value);
    } else {
      object[name] = *value;
    }
  }
  result.json = json_text(object);
  return result;
}

}  // namespace quire::store
