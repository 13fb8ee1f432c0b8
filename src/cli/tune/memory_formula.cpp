#include "cli/tune/memory_formula.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <vector>

#include "backend/cpu/cpu_scratch.h"
#include "base/bytes.h"
#include "base/check.h"
#include "cli/terminal/human.h"
#include "core/limits.h"
#include "kernels/kernels.h"
#include "model/config.h"
#include "model/kv_store.h"
#include "model/workspace.h"
#include "synth/outline.h"

namespace quire::cli {
namespace {

// Stay in the file.
constexpr std::string_view embedding_name = "token_embd.weight";
constexpr std::string_view positions_name = "position_embd.weight";

// A server without weights takes 11 MB; `quire tokenize` with the 128,256 tokens of Llama 3 49 MB at its peak, with the
// 151,936 of Qwen2 42 MB, with 4,096 8 MB. The rest is for threads and sockets.
constexpr uint64_t program_bytes_base = uint64_t{16} << 20;
constexpr uint64_t program_bytes_per_token = 384;  // of the vocabulary: its text, its place in tables, its merges

// Adds up the tensors of a model: those of a file, or those that a shape would have.
class TensorSum {
 public:
  explicit TensorSum(bool tied) : tied_(tied) {}
  void add(std::string_view name, ElementType type, const std::array<int64_t, 4>& shape) {
    const bool is_embedding = name == embedding_name || name == positions_name;
    if (is_embedding) embedding_ += static_cast<uint64_t>(row_size_bytes(type, shape[0]) * shape[1]);
    if (shape[1] == 1) {
      packed_ += round_up<uint64_t>(static_cast<uint64_t>(shape[0]) * sizeof(float), 64);
    } else if (!is_embedding ||
               (tied_ && name == embedding_name)) {  // a tied one is packed once more, as the output matrix
      packed_ += round_up<uint64_t>(packed_size_bytes(type, shape[1], shape[0]), 64);
    }
  }
  uint64_t packed() const { return packed_; }
  uint64_t embedding() const { return embedding_; }

 private:
  bool tied_;
  uint64_t packed_ = 0;
  uint64_t embedding_ = 0;
};

uint64_t workspace_bytes_of(const ModelConfig& config, const Limits& limits) {
  return Workspace::rows_size_bytes(config, limits) + CpuScratch::size_bytes(Workspace::scratch_shape(config, limits));
}

ModelMemory memory_by_sum(const ModelConfig& config, const TensorSum& tensors, std::string name, int32_t running_max) {
  Limits limits;
  limits.running_max = running_max;
  return {.name = std::move(name),
          .weight_bytes = tensors.packed(),
          .embedding_bytes = tensors.embedding(),
          .workspace_bytes = workspace_bytes_of(config, limits),
          .program_bytes = program_bytes_base + program_bytes_per_token * static_cast<uint64_t>(config.vocab),
          .block_bytes = static_cast<uint64_t>(KvStore::block_size_bytes(config, limits.block_tokens)),
          .block_tokens = limits.block_tokens,
          .context_max = config.context_max,
          .kv_type = config.kv_type};
}

}  // namespace

uint64_t ModelMemory::kv_bytes(int64_t tokens) const {
  return block_bytes * static_cast<uint64_t>(ceil_div(tokens, block_tokens));
}

Result<ModelMemory> memory_of(const gguf::File& file, const std::string& name, KvType kv_type, int32_t running_max) {
  QUIRE_TRY(const ModelConfig config, read_config(file, kv_type));
  TensorSum sum(!config.whole_texts && file.find_tensor("output.weight") == nullptr);
  for (const TensorView& tensor : file.tensors()) {
    if (is_beside_text(config, tensor.name)) continue;
    sum.add(tensor.name, tensor.type, tensor.shape);
  }
  return memory_by_sum(config, sum, name, running_max);
}

Result<ModelMemory> memory_of(const synth::Shape& shape, int64_t vocab, gguf::FileType type, KvType kv_type,
                              int32_t running_max) {
  QUIRE_TRY(const synth::Outline outline, synth::outline(shape, vocab, type));
  TensorSum sum(shape.tied);
  std::vector<gguf::TensorSpec> specs;
  for (const synth::Tensor& tensor : outline.tensors) {
    sum.add(tensor.spec.name, tensor.spec.type, tensor.spec.shape);
    specs.push_back(tensor.spec);
  }
  QUIRE_TRY(const ModelConfig config, read_config(outline.metadata, specs, kv_type));
  return memory_by_sum(config, sum, shape.name, running_max);
}

uint64_t memory_for_contexts(const ModelMemory& model, uint64_t memory_bytes) {
  return memory_bytes > model.fixed_bytes() ? memory_bytes - model.fixed_bytes() : 0;
}

int64_t contexts_that_fit(const ModelMemory& model, uint64_t memory_bytes, int64_t tokens) {
  QUIRE_CHECK(tokens > 0 && model.block_bytes > 0, "a context holds something");
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
