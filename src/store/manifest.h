// What a stored model consists of: the documents of a registry, as Ollama writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quire::store {

namespace media_type {
inline constexpr std::string_view manifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view manifest_list = "application/vnd.ollama.manifest.list.v2+json";
inline constexpr std::string_view config = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view model = "application/vnd.ollama.image.model";
inline constexpr std::string_view projector = "application/vnd.ollama.image.projector";
inline constexpr std::string_view adapter = "application/vnd.ollama.image.adapter";
inline constexpr std::string_view tensor = "application/vnd.ollama.image.tensor";  // a safetensors model's
inline constexpr std::string_view draft = "application/vnd.ollama.image.draft";
inline constexpr std::string_view prompt = "application/vnd.ollama.image.prompt";  // a template's older name
inline constexpr std::string_view template_ = "application/vnd.ollama.image.template";
inline constexpr std::string_view system = "application/vnd.ollama.image.system";
inline constexpr std::string_view params = "application/vnd.ollama.image.params";
inline constexpr std::string_view messages = "application/vnd.ollama.image.messages";
inline constexpr std::string_view license = "application/vnd.ollama.image.license";
}  // namespace media_type

// "sha256:" and 64 lower-case hexadecimal digits, of a text that has them in either case, after ':' or '-'.
// ErrorKind::invalid for anything else, so that a digest can always be a file's name.
Result<std::string> parse_digest(std::string_view text);

// A blob that a manifest names.
struct Layer {
  std::string media_type;
  std::string digest;  // "sha256:" and 64 hexadecimal digits
  uint64_t size_bytes = 0;
  std::string from;  // the model that it was taken over from; often empty
  std::string name;  // what a tensor's layer is called; else empty
  bool operator==(const Layer&) const = default;
};

// The manifest of one model, or (`children` is not empty) a list of one model's manifests for several programs.
struct Manifest {
  int64_t schema_version = 2;
  std::string media_type{media_type::manifest};
  Layer config;  // its digest is empty where the manifest names none
  std::vector<Layer> layers;
  std::string runner;  // the program that a list's child is for; often empty
  std::string format;  // of the weights; often empty
  std::string digest;  // of a list's child that is a blob of its own: then it has no layers here
  std::vector<Manifest> children;

  // Bounded: 4 MiB of text, 10,000 layers, 16 children. What it does not know it leaves out; a digest that is none, a
  // negative size and a missing type of a layer are errors that say where.
  static Result<Manifest> parse(std::string_view text);
  // As Ollama writes it, a line: equal manifests give equal bytes.
  std::string to_json() const;

  // Of all blobs, one that is named twice counted twice, as Ollama counts. Saturates.
  uint64_t size_bytes() const;
  // The first layer with this type, or none.
  const Layer* find(std::string_view type) const;
  // Every digest that it names, its children's included; sorted, each once.
  std::vector<std::string> digests() const;
  // Of a list: the child that is for Ollama's own or llama.cpp's runner, in this order. Else the manifest itself.
  // None: a list without such a child.
  const Manifest* runnable() const;
};

inline constexpr uint64_t manifest_bytes_max = 4 << 20;

// The blob that a manifest calls its config. Unknown members are kept, so that a model that is made of this one loses
// nothing; but for architecture, os and rootfs, which older versions of Ollama wrote: they describe a container's
// image.
struct ModelConfig {
  std::string model_format;  // "gguf" or "safetensors"
  std::string model_family;  // general.architecture
  std::vector<std::string> model_families;
  std::string model_type;  // the parameters' number, as "8.0B"
  std::string file_type;   // the weights' type, as "Q4_K_M"
  std::string renderer;
  std::string parser;
  std::string requires_;  // the lowest version of Ollama
  std::string remote_host;
  std::string remote_model;
  std::vector<std::string> capabilities;
  int64_t context_length = 0;
  int64_t embedding_length = 0;
  std::string base_name;
  std::string other = "{}";  // a JSON object: the members that are not above

  // ErrorKind::invalid when it is no JSON object, or a member above has another type.
  static Result<ModelConfig> parse(std::string_view text);
  // As Ollama writes it, a line.
  std::string to_json() const;
};

}  // namespace quire::store
