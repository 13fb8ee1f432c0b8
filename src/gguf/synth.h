// Random-weight models of a given shape: whole files, right in everything but what they say.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/team.h"
#include "gguf/file_type.h"
#include "gguf/metadata.h"
#include "gguf/writer.h"

namespace quire::gguf {

struct SynthShape {
  std::string name;          // for general.name
  std::string architecture;  // "llama", "qwen2" or "qwen3"
  int64_t layers = 0;
  int64_t width = 0;
  int64_t ffn_width = 0;
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t context = 0;
  bool tied = true;           // the token embedding is the output matrix too
  bool rope_factors = false;  // llama only: rope_freqs.weight as Llama 3.1 to 3.3 have it
};

// "llama-1b", "qwen3-0.6b", "tiny"; an unknown name is an error that lists them.
Result<SynthShape> find_synth_shape(std::string_view name);

// How the values of a tensor are made: mean + deviation * n(row, column), where n is nearly normal; or the rope
// factors.
struct SynthTensor {
  TensorSpec spec;
  float mean = 0.0F;
  float deviation = 0.0F;
  bool alternates = false;
  bool is_rope_factors = false;
};

// Tensors of the model in file order. Deviations are chosen so that hidden states neither vanish nor explode and logits
// have a deviation of about 2.5. The output norm alternates in sign: a tied model's output would otherwise look most
// like its own input, and greedy decoding repeat one token.
// An error says which size is not possible.
Result<std::vector<SynthTensor>> synth_tensors(const SynthShape& shape, int64_t vocab, FileType type);

// Keys of the model but for its tokenizer.
Result<Metadata> synth_keys(const SynthShape& shape, int64_t vocab, FileType type);
// Keys of the model: its shape, and the tokenizer.* keys of `vocabulary`.
Result<Metadata> synth_metadata(const SynthShape& shape, const Metadata& vocabulary, FileType type);

// One row of tensor number `tensor`: a function of its arguments alone, the same on every machine.
void synth_row(const SynthTensor& made, uint64_t seed, uint64_t tensor, int64_t row, float* values);

// Writes the model. Its bytes are a function of shape, vocabulary, type and seed; the number of workers changes the
// time only. progress(done, total) counts bytes of tensors.
Result<void> synthesize(const SynthShape& shape, const Metadata& vocabulary, FileType type, uint64_t seed,
                        const std::filesystem::path& path, Team& team,
                        FunctionRef<void(uint64_t done_bytes, uint64_t total_bytes)> progress);

}  // namespace quire::gguf
