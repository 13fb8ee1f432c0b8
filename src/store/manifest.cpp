#include "store/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "store/json_text.h"
#include "store/model_name.h"

namespace quire::store {
namespace {

constexpr size_t layers_max = 10'000;
constexpr size_t children_max = 16;
constexpr std::string_view digest_prefix = "sha256";
constexpr size_t digest_digits = 64;

std::unexpected<Error> invalid(std::string message) { return fail(ErrorKind::invalid, std::move(message)); }

bool has_value(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && !found->is_null();
}

// A text member; empty where it is missing or null.
Result<std::string> text_of(const Json& object, const char* name, std::string_view where) {
  if (!has_value(object, name)) return std::string();
  const Json& value = object[name];
  if (!value.is_string()) return invalid(fmt::format("{}: \"{}\" is no text", where, name));
  return value.get<std::string>();
}

// A whole number of [0, 2^63) as a member; 0 where it is missing or null.
Result<int64_t> count_of(const Json& object, const char* name, std::string_view where) {
  if (!has_value(object, name)) return 0;
  const Json& value = object[name];
  constexpr auto max = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (!value.is_number_unsigned() || value.get<uint64_t>() > max) {
    return invalid(fmt::format("{}: \"{}\" is no whole number from 0 on", where, name));
  }
  return value.get<int64_t>();
}

Result<std::vector<std::string>> texts_of(const Json& object, const char* name, std::string_view where) {
  std::vector<std::string> texts;
  if (!has_value(object, name)) return texts;
  const Json& value = object[name];
  if (!value.is_array()) return invalid(fmt::format("{}: \"{}\" is no array", where, name));
  for (const Json& item : value) {
    if (!item.is_string()) return invalid(fmt::format("{}: \"{}\" holds something that is no text", where, name));
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

Result<Layer> layer_of(const Json& value, std::string_view where) {
  if (!value.is_object()) return invalid(fmt::format("{} is no object", where));
  Layer layer;
  QUIRE_TRY(layer.media_type, text_of(value, "mediaType", where));
  QUIRE_TRY(const std::string digest, text_of(value, "digest", where));
  Result<std::string> valid = parse_digest(digest);
  if (!valid) return invalid(fmt::format("{}: {}", where, valid.error().message));
  layer.digest = std::move(*valid);
  QUIRE_TRY(const int64_t size, count_of(value, "size", where));
  layer.size_bytes = static_cast<uint64_t>(size);
  QUIRE_TRY(layer.from, text_of(value, "from", where));
  QUIRE_TRY(layer.name, text_of(value, "name", where));
  return layer;
}

Result<Manifest> manifest_of(const Json& value, std::string_view where) {
  if (!value.is_object()) return invalid(fmt::format("{} is no object", where));
  Manifest manifest;
  QUIRE_TRY(manifest.schema_version, count_of(value, "schemaVersion", where));
  QUIRE_TRY(manifest.media_type, text_of(value, "mediaType", where));
  QUIRE_TRY(manifest.runner, text_of(value, "runner", where));
  QUIRE_TRY(manifest.format, text_of(value, "format", where));
  QUIRE_TRY(const std::string digest, text_of(value, "digest", where));
  if (!digest.empty()) {
    QUIRE_TRY(manifest.digest, parse_digest(digest));
  }
  // A manifest without a config has null, nothing, or one that is empty.
  if (has_value(value, "config") && value["config"].is_object()) {
    QUIRE_TRY(const std::string config_digest, text_of(value["config"], "digest", "config"));
    if (!config_digest.empty()) {
      QUIRE_TRY(manifest.config, layer_of(value["config"], "config"));
    }
  } else if (has_value(value, "config")) {
    return invalid(fmt::format("{}: \"config\" is no object", where));
  }
  if (!has_value(value, "layers")) return manifest;
  const Json& layers = value["layers"];
  if (!layers.is_array() || layers.size() > layers_max) {
    return invalid(fmt::format("{}: \"layers\" is no array of at most {}", where, layers_max));
  }
  for (size_t i = 0; i < layers.size(); ++i) {
    QUIRE_TRY(Layer layer, layer_of(layers[i], fmt::format("layer {}", i)));
    if (layer.media_type.empty()) return invalid(fmt::format("layer {}: it has no mediaType", i));
    manifest.layers.push_back(std::move(layer));
  }
  return manifest;
}

Json layer_json(const Layer& layer) {
  Json value = {{"mediaType", layer.media_type}, {"digest", layer.digest}, {"size", layer.size_bytes}};
  if (!layer.from.empty()) value["from"] = layer.from;
  if (!layer.name.empty()) value["name"] = layer.name;
  return value;
}

Json manifest_json(const Manifest& manifest) {
  Json value = Json::object();
  const bool reference = !manifest.digest.empty() && manifest.layers.empty();
  if (!reference) value["schemaVersion"] = manifest.schema_version;
  value["mediaType"] = manifest.media_type;
  if (reference) {
    value["digest"] = manifest.digest;
  } else {
    value["config"] = layer_json(manifest.config);
    value["layers"] = Json::array();
    for (const Layer& layer : manifest.layers) value["layers"].push_back(layer_json(layer));
  }
  if (!manifest.runner.empty()) value["runner"] = manifest.runner;
  if (!manifest.format.empty()) value["format"] = manifest.format;
  return value;
}

Result<Json> object_of(std::string_view text, std::string_view what) {
  Json value = parse_json(text);
  if (!value.is_object()) return invalid(fmt::format("the {} is no JSON object of at most 32 levels", what));
  return value;
}

}  // namespace

Result<std::string> parse_digest(std::string_view text) {
  const auto wrong = [] { return invalid("a digest is not \"sha256:\" followed by 64 hexadecimal digits"); };
  if (text.size() != digest_prefix.size() + 1 + digest_digits || !text.starts_with(digest_prefix)) return wrong();
  const char separator = text[digest_prefix.size()];
  const std::string hex = lower_case(text.substr(digest_prefix.size() + 1));
  const bool digits = hex.find_first_not_of("0123456789abcdef") == std::string::npos;
  if ((separator != ':' && separator != '-') || !digits) return wrong();
  return fmt::format("{}:{}", digest_prefix, hex);
}

Result<Manifest> Manifest::parse(std::string_view text) {
  if (text.size() > manifest_bytes_max) {
    return fail(ErrorKind::too_large,
                fmt::format("the manifest has {} bytes, {} at most", text.size(), manifest_bytes_max));
  }
  QUIRE_TRY(const Json value, object_of(text, "manifest"));
  QUIRE_TRY(Manifest manifest, manifest_of(value, "the manifest"));
  if (manifest.media_type != media_type::manifest_list) {
    if (manifest.layers.empty() && manifest.config.digest.empty()) return invalid("the manifest names no layer");
    return manifest;
  }
  if (!has_value(value, "manifests") || !value["manifests"].is_array() || value["manifests"].empty() ||
      value["manifests"].size() > children_max) {
    return invalid(fmt::format("the list of manifests has no array of 1 to {} of them", children_max));
  }
  for (const Json& item : value["manifests"]) {
    QUIRE_TRY(Manifest child, manifest_of(item, "a manifest of the list"));
    if (child.media_type == media_type::manifest_list) return invalid("a list of manifests is inside of another");
    manifest.children.push_back(std::move(child));
  }
  return manifest;
}

std::string Manifest::to_json() const {
  if (children.empty()) return json_text(manifest_json(*this)) + "\n";
  Json value = {{"schemaVersion", schema_version}, {"mediaType", media_type}, {"manifests", Json::array()}};
  for (const Manifest& child : children) value["manifests"].push_back(manifest_json(child));
  return json_text(value) + "\n";
}

uint64_t Manifest::size_bytes() const {
  uint64_t sum = config.size_bytes;
  for (const Layer& layer : layers) {
    if (__builtin_add_overflow(sum, layer.size_bytes, &sum)) return std::numeric_limits<uint64_t>::max();
  }
  return sum;
}

const Layer* Manifest::find(std::string_view type) const {
  const auto found = std::ranges::find(layers, type, &Layer::media_type);
  return found == layers.end() ? nullptr : &*found;
}

std::vector<std::string> Manifest::digests() const {
  std::vector<std::string> result;
  const auto add = [&](const Manifest& manifest) {
    for (const std::string* named : {&manifest.digest, &manifest.config.digest}) {
      if (!named->empty()) result.push_back(*named);
    }
    for (const Layer& layer : manifest.layers) result.push_back(layer.digest);
  };
  add(*this);
  for (const Manifest& child : children) add(child);
  std::ranges::sort(result);
  result.erase(std::ranges::unique(result).begin(), result.end());
  return result;
}

const Manifest* Manifest::runnable() const {
  if (media_type != media_type::manifest_list) return this;
  for (const std::string_view wanted : {"ollama", "llamacpp"}) {
    const auto found = std::ranges::find(children, wanted, &Manifest::runner);
    if (found != children.end()) return &*found;
  }
  return nullptr;
}

Result<ModelConfig> ModelConfig::parse(std::string_view text) {
  if (text.size() > manifest_bytes_max) {
    return fail(ErrorKind::too_large,
                fmt::format("the config has {} bytes, {} at most", text.size(), manifest_bytes_max));
  }
  QUIRE_TRY(Json value, object_of(text, "config"));
  constexpr std::string_view where = "the config";
  ModelConfig config;
  QUIRE_TRY(config.model_format, text_of(value, "model_format", where));
  QUIRE_TRY(config.model_family, text_of(value, "model_family", where));
  QUIRE_TRY(config.model_families, texts_of(value, "model_families", where));
  QUIRE_TRY(config.model_type, text_of(value, "model_type", where));
  QUIRE_TRY(config.file_type, text_of(value, "file_type", where));
  QUIRE_TRY(config.renderer, text_of(value, "renderer", where));
  QUIRE_TRY(config.parser, text_of(value, "parser", where));
  QUIRE_TRY(config.requires_, text_of(value, "requires", where));
  QUIRE_TRY(config.remote_host, text_of(value, "remote_host", where));
  QUIRE_TRY(config.remote_model, text_of(value, "remote_model", where));
  QUIRE_TRY(config.capabilities, texts_of(value, "capabilities", where));
  QUIRE_TRY(config.context_length, count_of(value, "context_length", where));
  QUIRE_TRY(config.embedding_length, count_of(value, "embedding_length", where));
  QUIRE_TRY(config.base_name, text_of(value, "base_name", where));
  for (const char* known : {"model_format", "model_family", "model_families", "model_type", "file_type", "renderer",
                            "parser", "requires", "remote_host", "remote_model", "capabilities", "context_length",
                            "embedding_length", "base_name", "architecture", "os", "rootfs"}) {
    value.erase(known);
  }
  config.other = json_text(value);
  return config;
}

std::string ModelConfig::to_json() const {
  // In Ollama's order; what is empty there by default is left out there too.
  Json value = {{"model_format", model_format}, {"model_family", model_family}};
  value["model_families"] = model_families.empty() ? Json() : Json(model_families);
  value["model_type"] = model_type;
  value["file_type"] = file_type;
  const std::pair<const char*, const std::string&> texts[] = {{"renderer", renderer},
                                                              {"parser", parser},
                                                              {"requires", requires_},
                                                              {"remote_host", remote_host},
                                                              {"remote_model", remote_model}};
  for (const auto& [name, text] : texts) {
    if (!text.empty()) value[name] = text;
  }
  if (!capabilities.empty()) value["capabilities"] = capabilities;
  if (context_length > 0) value["context_length"] = context_length;
  if (embedding_length > 0) value["embedding_length"] = embedding_length;
  if (!base_name.empty()) value["base_name"] = base_name;
  const Json rest = parse_json(other);
  if (rest.is_object()) value.update(rest);
  return json_text(value) + "\n";
}

}  // namespace quire::store
