#include "model/weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "tensor/dequantize.h"

namespace quire {
namespace {

// Tells the system what loading will read next, so that a disk works while the processor packs. Tensors lie in a file
// about as they are loaded: what lies behind one is announced with it, and nothing twice.
class ReadAhead {
 public:
  // Loading is at this byte of the tensor.
  void reach(const TensorView& tensor, uint64_t at) {
    constexpr uint64_t ahead_bytes = uint64_t{64} << 20;
    const uint64_t begin = tensor.offset + at;
    const bool goes_on = source_ == tensor.source && begin >= begin_ && begin <= end_;
    if (goes_on && end_ - begin > ahead_bytes / 2) return;
    const uint64_t end = std::min(begin + ahead_bytes, tensor.source->size_bytes());
    const uint64_t from = goes_on ? end_ : begin;
    if (from < end) tensor.source->read_soon(from, end - from);
    source_ = tensor.source;
    begin_ = begin;
    end_ = end;
  }

 private:
  const ByteSource* source_ = nullptr;
  uint64_t begin_ = 0;  // of the source, what has been announced
  uint64_t end_ = 0;
};

// Reads tensors by name. Used twice over the same code: first to check, then to load.
class Loader {
 public:
  // backend and memory null: checks only.
  Loader(const gguf::File& file, Backend* backend, DeviceArena* memory, LoadProgress progress, uint64_t total_bytes)
      : file_(file), backend_(backend), memory_(memory), progress_(progress), total_bytes_(total_bytes) {}

  Result<Matrix> matrix(const std::string& name, int64_t outputs, int64_t inputs) {
    QUIRE_TRY(const TensorView* tensor, find(name, std::array<int64_t, 2>{inputs, outputs}));
    if (backend_ == nullptr) {
      total_bytes_ += tensor->size_bytes();
      return Matrix{};
    }
    if (!wanted_) return fail(ErrorKind::cancelled, "the load was stopped");
    uint64_t copied_bytes = 0;
    read_ahead_.reach(*tensor, 0);
    return backend_->load_matrix(*tensor, *memory_, [&](uint64_t bytes) {
      copied_bytes += bytes;
      read_ahead_.reach(*tensor, copied_bytes);
      done_bytes_ += bytes;
      wanted_ = progress_(done_bytes_, total_bytes_) && wanted_;
    });
  }

  Result<DeviceVector> vector(const std::string& name, int64_t size) {
    QUIRE_TRY(const std::vector<float> values, host_vector(name, size));
    if (backend_ == nullptr) return DeviceVector{};
    return backend_->load_vector(values, *memory_);
  }

  // One that the host computes with.
  Result<std::vector<float>> host_vector(const std::string& name, int64_t size) {
    QUIRE_TRY(const TensorView* tensor, find(name, std::array<int64_t, 1>{size}));
    if (tensor->type != ElementType::f32 && tensor->type != ElementType::f16 && tensor->type != ElementType::bf16) {
      return fail(ErrorKind::unsupported, fmt::format("tensor {}: found type {}, expected F32, F16 or BF16", name,
                                                      element_traits(tensor->type).name));
    }
    std::vector<std::byte> bytes(tensor->size_bytes());
    QUIRE_TRY_VOID(tensor->read(0, bytes));
    std::vector<float> values(static_cast<size_t>(size));
    dequantize(tensor->type, bytes.data(), size, values.data());
    for (const float value : values) {
      if (!std::isfinite(value)) return fail(ErrorKind::invalid, fmt::format("tensor {}: found {}", name, value));
    }
    return values;
  }

  Result<const TensorView*> find(const std::string& name, std::span<const int64_t> shape) {
    const TensorView* tensor = file_.find_tensor(name);
    const std::span<const int64_t> expected = shape;
    if (tensor == nullptr) {
      return fail(ErrorKind::invalid,
                  fmt::format("tensor {}: not in the file, expected shape [{}]", name, fmt::join(expected, ", ")));
    }
    for (size_t i = 0; i < tensor->shape.size(); ++i) {
      if (tensor->shape[i] != (i < expected.size() ? expected[i] : 1)) {
        return fail(ErrorKind::invalid, fmt::format("tensor {}: found shape [{}], expected [{}]", name,
                                                    fmt::join(tensor->shape, ", "), fmt::join(expected, ", ")));
      }
    }
    known_.insert(tensor->name);
    return tensor;
  }

  bool has(std::string_view name) const { return file_.find_tensor(name) != nullptr; }
  bool knows(const std::string& name) const { return known_.contains(name); }
  uint64_t total_bytes() const { return total_bytes_; }

 private:
  const gguf::File& file_;
  Backend* backend_;
  DeviceArena* memory_;
  LoadProgress progress_;
  ReadAhead read_ahead_;
  uint64_t total_bytes_ = 0;
  uint64_t done_bytes_ = 0;
  bool wanted_ = true;
  std::set<std::string, std::less<>> known_;
};

Result<LayerWeights> read_layer(Loader& load, const ModelConfig& config, const Architecture& architecture,
                                int64_t layer) {
  const auto name = [layer](std::string_view part) { return fmt::format("blk.{}.{}", layer, part); };
  LayerWeights weights;
  QUIRE_TRY(weights.attention_norm, load.vector(name("attn_norm.weight"), config.width));
  QUIRE_TRY(weights.q, load.matrix(name("attn_q.weight"), config.q_width(), config.width));
  QUIRE_TRY(weights.k, load.matrix(name("attn_k.weight"), config.kv_width(), config.width));
  QUIRE_TRY(weights.v, load.matrix(name("attn_v.weight"), config.kv_width(), config.width));
  if (architecture.has_qkv_bias) {
    QUIRE_TRY(weights.q_bias, load.vector(name("attn_q.bias"), config.q_width()));
    QUIRE_TRY(weights.k_bias, load.vector(name("attn_k.bias"), config.kv_width()));
    QUIRE_TRY(weights.v_bias, load.vector(name("attn_v.bias"), config.kv_width()));
  }
  if (architecture.has_qk_norm) {
    QUIRE_TRY(weights.q_norm, load.vector(name("attn_q_norm.weight"), config.head_dim));
    QUIRE_TRY(weights.k_norm, load.vector(name("attn_k_norm.weight"), config.head_dim));
  }
  QUIRE_TRY(weights.attention_output, load.matrix(name("attn_output.weight"), config.width, config.q_width()));
  QUIRE_TRY(weights.ffn_norm, load.vector(name("ffn_norm.weight"), config.width));
  QUIRE_TRY(weights.gate, load.matrix(name("ffn_gate.weight"), config.ffn_width, config.width));
  QUIRE_TRY(weights.up, load.matrix(name("ffn_up.weight"), config.ffn_width, config.width));
  QUIRE_TRY(weights.down, load.matrix(name("ffn_down.weight"), config.width, config.ffn_width));
  return weights;
}

// All of them but their memory.
Result<Weights> read_all(Loader& load, const ModelConfig& config, const Architecture& architecture) {
  Weights weights;
  const std::string embedding_name = "token_embd.weight";
  QUIRE_TRY(const TensorView* embedding, load.find(embedding_name, std::array<int64_t, 2>{config.width, config.vocab}));
  weights.token_embedding = *embedding;
  if (load.has("rope_freqs.weight")) {
    QUIRE_TRY(weights.rope_factors, load.host_vector("rope_freqs.weight", config.rotary_dim / 2));
    for (const float factor : weights.rope_factors) {
      if (!(factor >= 1e-3F && factor <= 1e6F)) {
        return fail(ErrorKind::invalid,
                    fmt::format("tensor rope_freqs.weight: found {}, expected 0.001 to 1000000", factor));
      }
    }
  }
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    QUIRE_TRY(LayerWeights layer_weights, read_layer(load, config, architecture, layer));
    weights.layers.push_back(std::move(layer_weights));
  }
  QUIRE_TRY(weights.output_norm, load.vector("output_norm.weight", config.width));
  const bool tied = !load.has("output.weight");
  QUIRE_TRY(weights.output, load.matrix(tied ? embedding_name : "output.weight", config.vocab, config.width));
  return weights;
}

}  // namespace

Result<Weights> load_weights(const gguf::File& file, const ModelConfig& config, const Architecture& architecture,
                             Backend& backend, LoadProgress progress) {
  Loader check(file, nullptr, nullptr, progress, 0);
  QUIRE_TRY(const Weights checked, read_all(check, config, architecture));
  for (const TensorView& tensor : file.tensors()) {
    if (!check.knows(tensor.name) && !is_beside_text(config, tensor.name)) {
      return fail(ErrorKind::unsupported, fmt::format("tensor {}: not part of architecture {} as this build knows it",
                                                      tensor.name, architecture.name));
    }
  }
  DeviceArena memory(backend.device(), "weights");
  Loader load(file, &backend, &memory, progress, check.total_bytes());
  QUIRE_TRY(Weights weights, read_all(load, config, architecture));
  weights.memory = std::move(memory);
  QUIRE_TRY_VOID(file.check_unchanged());
  return weights;
}

}  // namespace quire
