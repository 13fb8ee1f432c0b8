// What a model's author stored beside the weights: how to ask it, in plain values. Whoever serves the model merges them
// with a request's own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/metadata.h"
#include "store/catalog.h"

namespace quire::store {

struct ModelDefaults {
  std::optional<std::string> template_;  // of Go's text/template; none: the GGUF file's own template holds
  std::string system;
  std::string params = "{}";    // a JSON object of Ollama's options: numbers, booleans, "stop" as an array of texts
  std::string messages = "[]";  // a JSON array of objects with the texts "role" and "content", and what else they had
  std::vector<std::string> licenses;
  std::string renderer;  // names of Ollama's built-in renderers and parsers; empty: none
  std::string parser;
  std::string requires_;  // the lowest version of Ollama

  // What params say of num_gpu: so many layers are a GPU's; none where they do not, or leave it to who loads (-1).
  std::optional<int64_t> gpu_layers() const;
};

inline constexpr uint64_t stored_text_bytes_max = 4 << 20;

// The text of a params layer, and of a messages layer, as ModelDefaults has it. ErrorKind::invalid says what is wrong:
// whoever makes a model asks first, since one whose layer is wrong is not served.
Result<std::string> checked_params(std::string_view text);
Result<std::string> checked_messages(std::string_view text);

// Of a stored model; a file that stands alone has none of them. An error names the layer's file and what is wrong.
Result<ModelDefaults> read_defaults(const ModelFile& file);

// general.sampling.* of a GGUF file as Ollama's options. What a model's params say comes before them.
// Source of the names: llama.cpp, gguf-py/gguf/constants.py.
struct SamplingDefaults {
  std::string options = "{}";       // a JSON object: temperature, top_k, top_p, min_p, repeat_last_n, repeat_penalty
  std::vector<std::string> unused;  // the keys under general.sampling that are not served, or hold no number
};
SamplingDefaults sampling_defaults(const gguf::Metadata& metadata);

}  // namespace quire::store
