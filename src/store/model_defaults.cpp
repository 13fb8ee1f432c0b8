#include "store/model_defaults.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <type_traits>
#include <variant>

#include "base/shown.h"
#include "store/json_text.h"

namespace quire::store {
namespace {

bool is_option(const Json& value) {
  if (value.is_number() || value.is_boolean() || value.is_string()) return true;
  return value.is_array() && std::ranges::all_of(value, [](const Json& item) { return item.is_string(); });
}

Result<void> read_layer(const Layer& layer, const std::string& text, ModelDefaults& defaults) {
  if (layer.media_type == media_type::template_ || layer.media_type == media_type::prompt) {
    defaults.template_ = text;
  } else if (layer.media_type == media_type::system) {
    defaults.system = text;
  } else if (layer.media_type == media_type::params) {
    QUIRE_TRY(defaults.params, checked_params(text));
  } else if (layer.media_type == media_type::messages) {
    QUIRE_TRY(defaults.messages, checked_messages(text));
  } else if (layer.media_type == media_type::license) {
    defaults.licenses.push_back(text);
  }
  return {};
}

bool is_text_layer(const Layer& layer) {
  constexpr std::array types = {media_type::template_, media_type::prompt,   media_type::system,
                                media_type::params,    media_type::messages, media_type::license};
  return std::ranges::find(types, layer.media_type) != types.end();
}

// A number as JSON: a float as people wrote it, 0.95 and not 0.949999988079071.
std::optional<Json> number_of(const gguf::Value& value) {
  return std::visit(
      [](const auto& held) -> std::optional<Json> {
        using T = std::remove_cvref_t<decltype(held)>;
        if constexpr (std::is_floating_point_v<T>) {
          if (!std::isfinite(held)) return std::nullopt;
          return Json::parse(fmt::format("{}", held));
        } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
          return Json(held);
        } else {
          return std::nullopt;
        }
      },
      value);
}

}  // namespace

Result<std::string> checked_params(std::string_view text) {
  const Json value = parse_json(text);
  if (!value.is_object()) return fail(ErrorKind::invalid, "the parameters are no JSON object");
  Json kept = Json::object();
  for (const auto& [name, option] : value.items()) {
    if (option.is_null()) continue;
    if (!is_option(option)) {
      return fail(ErrorKind::invalid, fmt::format("the parameter \"{}\" is no plain value", shown(name)));
    }
    kept[name] = option;
  }
  return json_text(kept);
}

Result<std::string> checked_messages(std::string_view text) {
  const Json value = parse_json(text);
  if (value.is_null()) return "[]";
  if (!value.is_array()) return fail(ErrorKind::invalid, "the messages are no JSON array of at most 32 levels");
  Json ordered = Json::array();
  for (const Json& message : value) {
    const auto has_text = [&](const char* name) { return message.contains(name) && message[name].is_string(); };
    if (!message.is_object() || !has_text("role") || !has_text("content")) {
      return fail(ErrorKind::invalid, "a message has no role or content");
    }
    // In the order in which Ollama writes them, whatever that of the request was.
    Json& members = ordered.emplace_back(Json{{"role", message["role"]}, {"content", message["content"]}});
    for (const char* name : {"thinking", "images", "tool_calls", "tool_name", "tool_call_id"}) {
      if (message.contains(name)) members[name] = message[name];
    }
    members.insert(message.begin(), message.end());
  }
  return json_text(ordered);
}

Result<ModelDefaults> read_defaults(const ModelFile& file) {
  ModelDefaults defaults;
  if (!file.stored) return defaults;
  const StoredModel& stored = *file.stored;
  defaults.renderer = stored.config.renderer;
  defaults.parser = stored.config.parser;
  defaults.requires_ = stored.config.requires_;
  for (const Layer& layer : stored.layers) {
    if (!is_text_layer(layer)) continue;
    const std::filesystem::path path = StoreFolder::reading(stored.folder).blob_path(layer.digest);
    QUIRE_TRY(const std::string text, read_file(path, stored_text_bytes_max));
    if (const Result<void> read = read_layer(layer, text, defaults); !read) {
      return fail(read.error().kind, fmt::format("{}: {}: {}", file.name, path.string(), read.error().message));
    }
  }
  return defaults;
}

SamplingDefaults sampling_defaults(const gguf::Metadata& metadata) {
  constexpr std::string_view prefix = "general.sampling.";
  constexpr std::array<std::pair<std::string_view, const char*>, 6> served = {{{"temp", "temperature"},
                                                                               {"top_k", "top_k"},
                                                                               {"top_p", "top_p"},
                                                                               {"min_p", "min_p"},
                                                                               {"penalty_last_n", "repeat_last_n"},
                                                                               {"penalty_repeat", "repeat_penalty"}}};
  SamplingDefaults defaults;
  Json options = Json::object();
  for (const auto& [key, value] : metadata.entries()) {
    if (!key.starts_with(prefix)) continue;
    const auto option = std::ranges::find(served, std::string_view(key).substr(prefix.size()),
                                          &std::pair<std::string_view, const char*>::first);
    const std::optional<Json> number = number_of(value);
    if (option == served.end() || !number) {
      defaults.unused.push_back(key);
    } else {
      options[option->second] = *number;
    }
  }
  defaults.options = json_text(options);
  return defaults;
}

std::optional<int64_t> ModelDefaults::gpu_layers() const {
  const Json options = Json::parse(params, nullptr, false);
  const auto found = options.is_object() ? options.find("num_gpu") : options.end();
  if (found == options.end() || !found->is_number_integer()) return std::nullopt;
  const auto layers = found->get<int64_t>();
  return layers < 0 ? std::nullopt : std::optional(layers);
}

}  // namespace quire::store
