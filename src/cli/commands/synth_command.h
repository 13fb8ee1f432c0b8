// quire synth SHAPE OUT.gguf: a random-weight model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace quire::cli {

struct SynthOptions {
  std::string shape;          // SHAPE: one of synth::shape_names(); the flags below change it
  std::filesystem::path out;  // OUT.gguf
  std::string vocab;          // --vocab: the GGUF file that lends its tokenizer.* keys, or how many tokens to make
                              // up; empty: as many as the shape has
  std::string type = "Q4_0";  // --type: one of gguf::file_type_names(), in any case
  uint64_t seed = 1;          // --seed: the file is a function of seed, shape, vocabulary and type
  std::optional<std::string> arch;          // --arch: any family that is served
  std::optional<int64_t> layers;            // --layers
  std::optional<int64_t> width;             // --width
  std::optional<int64_t> heads;             // --heads
  std::optional<int64_t> kv_heads;          // --kv-heads
  std::optional<int64_t> head_dim;          // --head-dim; when not given and --width or --heads is: width / heads
  std::optional<int64_t> ffn;               // --ffn
  std::optional<int64_t> context;           // --context: what the file says it was trained for
  std::optional<int64_t> experts;           // --experts, of a layer
  std::optional<int64_t> experts_used;      // --experts-used, by a token
  std::optional<int64_t> expert_ffn;        // --expert-ffn
  std::optional<int64_t> window;            // --window: positions that a layer with a window sees
  std::optional<int64_t> shared_kv_layers;  // --shared-kv-layers: the last so many read others' keys and values
  std::optional<int64_t> layer_inputs;      // --layer-inputs: elements that each layer is given of a token
  bool untied = false;                      // --untied: an output matrix of its own
  bool rope_factors = false;                // --rope-factors: rope_freqs.weight as Llama 3.1 has it
  bool mtp = false;                         // --mtp: an MTP block behind the layers
  int threads = 0;                          // --threads: 0 for all cores; changes the time only
};

// Writes the file, with a progress bar where standard error is a terminal, and says on standard output what it made.
Result<void> run_synth(const SynthOptions& options);

}  // namespace quire::cli
