// Random-weight models of a given shape: whole files, right in everything but what they say.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/team.h"
#include "gguf/file_type.h"
#include "gguf/metadata.h"
#include "synth/outline.h"
#include "synth/shape.h"

namespace quire::synth {

// One row of tensor number `tensor`: a function of its arguments alone, the same on every machine.
void make_row(const Tensor& made, uint64_t seed, uint64_t tensor, int64_t row, float* values);

// Writes the model, with the tokenizer.* keys of `vocabulary`. Its bytes are a function of shape, vocabulary, type and
// seed; the number of workers changes the time only. progress(done, total) counts bytes of tensors.
Result<void> synthesize(const Shape& shape, const gguf::Metadata& vocabulary, gguf::FileType type, uint64_t seed,
                        const std::filesystem::path& path, Team& team,
                        FunctionRef<void(uint64_t done_bytes, uint64_t total_bytes)> progress);

}  // namespace quire::synth
