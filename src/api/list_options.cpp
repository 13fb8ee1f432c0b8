#include "api/list_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "api/fields.h"
#include "api/json_text.h"
#include "api/options.h"
#include "api/request_parts.h"
#include "base/shown.h"

namespace quire::api {
namespace {

constexpr size_t stop_tokens_max = 1024;
constexpr size_t bad_words_max = 1024;
constexpr size_t dry_breakers_max = 32;  // each is looked for in every token of the vocabulary
constexpr size_t dry_breaker_bytes_max = 40;
constexpr float never = -std::numeric_limits<float>::infinity();

ApiResult<std::vector<std::string>> read_texts(std::string_view name, const nlohmann::json& value, size_t count_max) {
  if (!value.is_array() && !value.is_string()) return wrong_option_type(name, "array");
  const nlohmann::json wrapped = {{std::string(name), value}};
  return Fields(wrapped).texts(name, count_max);
}

ApiResult<std::vector<TokenId>> read_ids(std::string_view name, const nlohmann::json& value) {
  if (!value.is_array()) return wrong_option_type(name, "array");
  return read_token_ids(value, std::string(name));
}

ApiResult<void> apply_stop(const nlohmann::json& value, GenerationOptions& target) {
  QUIRE_TRY(target.stop, read_texts("stop", value, stop_strings_max));
  return {};
}

ApiResult<void> apply_stop_tokens(const nlohmann::json& value, GenerationOptions& target) {
  QUIRE_TRY(target.stop_tokens, read_ids("stop_token_ids", value));
  if (target.stop_tokens.size() <= stop_tokens_max) return {};
  return refuse(400,
                fmt::format("\"stop_token_ids\" holds {} ids, at most {} are allowed", target.stop_tokens.size(),
                            stop_tokens_max),
                "stop_token_ids");
}

ApiResult<void> apply_allowed_tokens(const nlohmann::json& value, GenerationOptions& target) {
  std::vector<TokenId>& allowed = target.sampling.allowed_tokens;
  QUIRE_TRY(allowed, read_ids("allowed_token_ids", value));
  std::ranges::sort(allowed);
  const auto repeated = std::ranges::unique(allowed);
  allowed.erase(repeated.begin(), repeated.end());
  return {};
}

ApiResult<void> apply_bad_words(const nlohmann::json& value, GenerationOptions& target) {
  QUIRE_TRY(target.texts.bad_words, read_texts("bad_words", value, bad_words_max));
  for (const std::string& word : target.texts.bad_words) {
    if (word.find_first_not_of(" \t\n\v\f\r") != std::string::npos) continue;
    return refuse(400, "\"bad_words\" must not hold a blank text", "bad_words");
  }
  return {};
}

ApiResult<void> apply_dry_breakers(const nlohmann::json& value, GenerationOptions& target) {
  constexpr const char* name = "dry_sequence_breakers";
  QUIRE_TRY(target.texts.dry_breakers, read_texts(name, value, dry_breakers_max));
  for (const std::string& breaker : target.texts.dry_breakers) {
    if (breaker.size() <= dry_breaker_bytes_max) continue;
    return refuse(
        400,
        fmt::format("\"{}\" must hold texts of at most {} bytes, got {}", name, dry_breaker_bytes_max, breaker.size()),
        name);
  }
  return {};
}

// A number from -100 to 100, or false: never.
ApiResult<float> read_bias(const nlohmann::json& value, const std::string& path) {
  if (value.is_boolean() && !value.get<bool>()) return never;
  if (!value.is_number()) {
    return refuse(400, fmt::format("\"{}\" must be a number or false, got {}", path, type_phrase(value)), path);
  }
  const auto bias = value.get<double>();
  if (!(bias >= -100 && bias <= 100)) {
    return refuse(400, fmt::format("\"{}\" must be from -100 to 100, got {}", path, value.dump()), path);
  }
  return static_cast<float>(bias);
}

// {"token id": bias}, as OpenAI has it.
ApiResult<void> apply_bias_object(const nlohmann::json& biases, GenerationOptions& target) {
  for (const auto& [key, value] : biases.items()) {
    TokenId token = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), token);
    if (error != std::errc() || end != key.data() + key.size() || token < 0) {
      return refuse(400, fmt::format("\"logit_bias\" must be keyed by token ids, got \"{}\"", key), "logit_bias");
    }
    if (value.is_null()) continue;
    QUIRE_TRY(const float bias, read_bias(value, "logit_bias." + key));
    target.sampling.logit_bias.emplace_back(token, bias);
  }
  return {};
}

// [[token id or text, bias]], as llama.cpp has it.
ApiResult<void> apply_bias_pairs(const nlohmann::json& biases, GenerationOptions& target) {
  for (size_t index = 0; index < biases.size(); ++index) {
    const nlohmann::json& pair = biases[index];
    const std::string path = fmt::format("logit_bias[{}]", index);
    if (!pair.is_array() || pair.size() != 2) {
      return refuse(400, fmt::format("\"{}\" must be an array of a token id or a text, and its bias", path), path);
    }
    QUIRE_TRY(const float bias, read_bias(pair[1], path));
    if (pair[0].is_string()) {
      target.texts.biases.emplace_back(pair[0].get<std::string>(), bias);
    } else {
      QUIRE_TRY(const std::vector<TokenId> token, read_token_ids(nlohmann::json::array({pair[0]}), path));
      target.sampling.logit_bias.emplace_back(token.front(), bias);
    }
  }
  return {};
}

ApiResult<void> apply_logit_bias(const nlohmann::json& value, GenerationOptions& target) {
  target.sampling.logit_bias.clear();
  target.texts.biases.clear();
  if (value.is_array()) return apply_bias_pairs(value, target);
  if (value.is_object()) return apply_bias_object(value, target);
  return refuse(400, fmt::format("\"logit_bias\" must be an object or an array, got {}", type_phrase(value)),
                "logit_bias");
}

// llama.cpp's names and letters.
struct SamplerName {
  std::string_view name;
  std::string_view other;
  char letter;
  SamplingStep step;
};
constexpr SamplerName sampler_names[] = {{"penalties", "penalties", 'e', SamplingStep::penalties},
                                         {"dry", "dry", 'd', SamplingStep::dry},
                                         {"top_n_sigma", "top_n_sigma", 's', SamplingStep::top_n_sigma},
                                         {"top_k", "top_k", 'k', SamplingStep::top_k},
                                         {"typ_p", "typical_p", 'y', SamplingStep::typical_p},
                                         {"top_p", "top_p", 'p', SamplingStep::top_p},
                                         {"min_p", "min_p", 'm', SamplingStep::min_p},
                                         {"xtc", "xtc", 'x', SamplingStep::xtc},
                                         {"temperature", "temp", 't', SamplingStep::temperature}};

ApiResult<void> add_sampler(const SamplerName* found, std::string_view named, std::vector<SamplingStep>& steps) {
  constexpr size_t shown_bytes_max = 40;
  if (found == std::end(sampler_names)) {
    return refuse(400, fmt::format("\"samplers\" names \"{}\", which is not served", shown(named, shown_bytes_max)),
                  "samplers");
  }
  if (std::ranges::find(steps, found->step) != steps.end()) {
    return refuse(400, fmt::format("\"samplers\" names \"{}\" twice", found->name), "samplers");
  }
  steps.push_back(found->step);
  return {};
}

ApiResult<void> apply_samplers(const nlohmann::json& value, GenerationOptions& target) {
  if (!value.is_array() && !value.is_string()) return wrong_option_type("samplers", "array");
  std::vector<SamplingStep> steps;
  if (value.is_string()) {
    for (const char& letter : value.get_ref<const std::string&>()) {
      QUIRE_TRY_VOID(add_sampler(std::ranges::find(sampler_names, letter, &SamplerName::letter), {&letter, 1}, steps));
    }
  } else {
    for (const nlohmann::json& item : value) {
      if (!item.is_string()) return wrong_option_type("samplers", "array of strings");
      const auto& name = item.get_ref<const std::string&>();
      const auto same = [&](const SamplerName& one) { return one.name == name || one.other == name; };
      QUIRE_TRY_VOID(add_sampler(std::ranges::find_if(sampler_names, same), name, steps));
    }
  }
  target.sampling.order = steps.empty() ? SamplingOrder() : SamplingOrder::of(steps);
  return {};
}

constexpr std::array list_options{ListOption{"stop", apply_stop},
                                  ListOption{"stop_token_ids", apply_stop_tokens},
                                  ListOption{"allowed_token_ids", apply_allowed_tokens},
                                  ListOption{"bad_words", apply_bad_words},
                                  ListOption{"dry_sequence_breakers", apply_dry_breakers},
                                  ListOption{"logit_bias", apply_logit_bias},
                                  ListOption{"samplers", apply_samplers}};

}  // namespace

std::string_view sampler_name(SamplingStep step) {
  return std::ranges::find(sampler_names, step, &SamplerName::step)->name;
}

const ListOption* find_list_option(std::string_view name) {
  const auto found = std::ranges::find(list_options, name, &ListOption::name);
  return found == list_options.end() ? nullptr : &*found;
}

}  // namespace quire::api
