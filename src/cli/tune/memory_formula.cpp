#include "cli/tune/memory_formula.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/cpu/cpu_scratch.h"
#include "base/bytes.h"
#include "base/check.h"
#include "cli/terminal/human.h"
#include "core/limits.h"
#include "kernels/kernels.h"
#include "model/config.h"
#include "model/placement/weight_sizes.h"
#include "model/workspace.h"
#include "synth/outline.h"

namespace quire::cli {
namespace {

// A server without weights takes 11 MB; `quire tokenize` with the 128,256 tokens of Llama 3 49 MB at its peak, with the
// 151,936 of Qwen2 42 MB, with 4,096 8 MB. The rest is for threads and sockets.
constexpr uint64_t program_bytes_base = uint64_t{16} << 20;
constexpr uint64_t program_bytes_per_token = 384;  // of the vocabulary: its text, its place in tables, its merges

uint64_t workspace_bytes_of(const ModelConfig& config, const Limits& limits) {
  return Workspace::rows_size_bytes(config, limits, all_layers(config)) +
         CpuScratch::size_bytes(Workspace::scratch_shape(config, limits));
}

Result<ModelMemory> memory_by_specs(const ModelConfig& config, std::span<const gguf::TensorSpec> specs,
                                    std::string name, int32_t running_max) {
  QUIRE_TRY(const WeightSizes weights, weight_sizes(config, specs));
  Limits limits;
  limits.running_max = running_max;
  return ModelMemory{
      .name = std::move(name),
      .weight_bytes = weights.packed(),
      .embedding_bytes = weights.tables,
      .workspace_bytes = workspace_bytes_of(config, limits),
      .program_bytes = program_bytes_base + program_bytes_per_token * static_cast<uint64_t>(config.vocab),
      .contexts = context_memory(config, limits.block_tokens),
      .context_max = config.context_max,
      .kv_type = config.kv_type};
}

}  // namespace

Result<ModelMemory> memory_of(const gguf::File& file, const std::string& name, KvType kv_type, int32_t running_max) {
  QUIRE_TRY(const ModelConfig config, read_config(file, kv_type));
  std::vector<gguf::TensorSpec> specs;
  for (const TensorView& tensor : file.tensors()) {
    specs.push_back({.name = tensor.name, .type = tensor.type, .shape = tensor.shape});
  }
  return memory_by_specs(config, specs, name, running_max);
}

Result<ModelMemory> memory_of(const synth::Shape& shape, int64_t vocab, gguf::FileType type, KvType kv_type,
                              int32_t running_max) {
  QUIRE_TRY(const synth::Outline outline, synth::outline(shape, vocab, type));
  std::vector<gguf::TensorSpec> specs;
  for (const synth::Tensor& tensor : outline.tensors) specs.push_back(tensor.spec);
  QUIRE_TRY(const ModelConfig config, read_config(outline.metadata, specs, kv_type));
  return memory_by_specs(config, specs, shape.name, running_max);
}

uint64_t memory_for_contexts(const ModelMemory& model, uint64_t memory_bytes) {
  return memory_bytes > model.fixed_bytes() ? memory_bytes - model.fixed_bytes() : 0;
}

int64_t contexts_that_fit(const ModelMemory& model, uint64_t memory_bytes, int64_t tokens) {
  QUIRE_CHECK(tokens > 0 && model.kv_bytes(tokens) > 0, "a context holds something");
  return static_cast<int64_t>(memory_for_contexts(model, memory_bytes) / model.kv_bytes(tokens));
}

uint64_t memory_needed(const ModelMemory& model, int64_t contexts, int64_t tokens) {
  return model.fixed_bytes() + static_cast<uint64_t>(contexts) * model.kv_bytes(tokens);
}

Result<void> check_memory(const ModelMemory& model, uint64_t memory_bytes, int64_t tokens) {
  if (contexts_that_fit(model, memory_bytes, tokens) > 0) return {};
  return fail(ErrorKind::too_large,
              fmt::format("{} needs {} for itself and {} for one context of {} tokens, {} in all; {} were given",
                          model.name, human_bytes(model.fixed_bytes()), human_bytes(model.kv_bytes(tokens)), tokens,
                          human_bytes(memory_needed(model, 1, tokens)), human_bytes(memory_bytes)));
}

}  // namespace quire::cli
