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
#include "model/blocks/tensor_reader.h"
#include "model/config.h"
#include "model/kv_store.h"
#include "model/weights.h"
#include "model/workspace.h"
#include "synth/outline.h"

namespace quire::cli {
namespace {

// A server without weights takes 11 MB; `quire tokenize` with the 128,256 tokens of Llama 3 49 MB at its peak, with the
// 151,936 of Qwen2 42 MB, with 4,096 8 MB. The rest is for threads and sockets.
constexpr uint64_t program_bytes_base = uint64_t{16} << 20;
constexpr uint64_t program_bytes_per_token = 384;  // of the vocabulary: its text, its place in tables, its merges

// Adds up what a model's blocks ask for, as the CPU keeps it.
class TensorSum final : public TensorSource {
 public:
  explicit TensorSum(std::span<const gguf::TensorSpec> specs) : specs_(specs) {}

  Result<Matrix> stack(const std::string& name, int64_t count, int64_t outputs, int64_t inputs) override {
    QUIRE_TRY(const gguf::TensorSpec* spec, find(name));
    take(static_cast<uint64_t>(count) * packed_size_bytes(spec->type, outputs, inputs));
    return Matrix{.type = spec->type, .outputs = outputs, .inputs = inputs, .count = count};
  }
  Result<std::vector<Matrix>> matrices(const std::string& name, int64_t count, int64_t outputs,
                                       int64_t inputs) override {
    std::vector<Matrix> parts;
    for (int64_t index = 0; index < count; ++index) {
      QUIRE_TRY(const Matrix matrix, stack(name, 1, outputs, inputs));
      parts.push_back(matrix);
    }
    return parts;
  }
  Result<std::vector<Matrix>> stacks(const std::string& name, int64_t count, std::span<const int64_t> outputs,
                                     int64_t inputs) override {
    std::vector<Matrix> parts;
    for (const int64_t part : outputs) {
      QUIRE_TRY(const Matrix matrix, stack(name, count, part, inputs));
      parts.push_back(matrix);
    }
    return parts;
  }
  Result<SplitHeads> split_heads(const std::string& name, int64_t heads, int64_t transposed, int64_t rest,
                                 int64_t inputs) override {
    QUIRE_TRY(const gguf::TensorSpec* spec, find(name));
    const ElementType type = transposed_type(spec->type);
    take(static_cast<uint64_t>(heads) * packed_size_bytes(type, inputs, transposed));
    take(static_cast<uint64_t>(heads) * packed_size_bytes(spec->type, rest, inputs));
    return SplitHeads{.transposed = {.type = type, .outputs = inputs, .inputs = transposed, .count = heads},
                      .rest = {.type = spec->type, .outputs = rest, .inputs = inputs, .count = heads}};
  }
  Result<DeviceVector> vectors(const std::string&, int64_t rows, int64_t size) override { return ones(rows * size); }
  Result<std::vector<DeviceVector>> taps(const std::string&, int64_t taps, std::span<const int64_t> channels) override {
    std::vector<DeviceVector> parts;
    for (const int64_t part : channels) {
      QUIRE_TRY(const DeviceVector vector, ones(taps * part));
      parts.push_back(vector);
    }
    return parts;
  }
  Result<DeviceVector> ones(int64_t size) override {
    take(static_cast<uint64_t>(size) * sizeof(float));
    return DeviceVector{};
  }
  Result<TensorView> table(const std::string& name, int64_t rows, int64_t size) override {
    QUIRE_TRY(const gguf::TensorSpec* spec, find(name));
    embedding_ += static_cast<uint64_t>(row_size_bytes(spec->type, size) * rows);
    return TensorView{};
  }
  Result<std::vector<float>> host_vector(const std::string&, int64_t size) override {
    return std::vector<float>(static_cast<size_t>(size), 1.0F);
  }
  bool has(std::string_view name) const override { return find(name).has_value(); }

  uint64_t packed() const { return packed_; }
  uint64_t embedding() const { return embedding_; }

 private:
  Result<const gguf::TensorSpec*> find(std::string_view name) const {
    const auto found = std::ranges::find(specs_, name, &gguf::TensorSpec::name);
    if (found != specs_.end()) return &*found;
    return fail(ErrorKind::invalid, fmt::format("tensor {}: not in the file", name));
  }
  void take(uint64_t bytes) { packed_ += round_up<uint64_t>(bytes, 64); }

  const std::span<const gguf::TensorSpec> specs_;
  uint64_t packed_ = 0;
  uint64_t embedding_ = 0;  // of tables that stay in the file
};

uint64_t workspace_bytes_of(const ModelConfig& config, const Limits& limits) {
  return Workspace::rows_size_bytes(config, limits) + CpuScratch::size_bytes(Workspace::scratch_shape(config, limits));
}

Result<ModelMemory> memory_by_specs(const ModelConfig& config, std::span<const gguf::TensorSpec> specs,
                                    std::string name, int32_t running_max) {
  TensorSum tensors(specs);
  QUIRE_TRY_VOID(read_weights(tensors, config));
  Limits limits;
  limits.running_max = running_max;
  return ModelMemory{
      .name = std::move(name),
      .weight_bytes = tensors.packed(),
      .embedding_bytes = tensors.embedding(),
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
