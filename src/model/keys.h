// What a file says of a model of one architecture, and the parts that most architectures read from it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "gguf/metadata.h"
#include "model/config.h"

namespace quire {

// The keys "llama." + name, and which tensors there are. Errors name the key, what was found and what is possible.
class Keys {
 public:
  // Borrows the file's metadata and directory.
  Keys(const gguf::Metadata& metadata, std::span<const gguf::TensorSpec> tensors, std::string architecture)
      : metadata_(metadata), tensors_(tensors), architecture_(std::move(architecture)) {}

  std::string full(std::string_view name) const;
  bool contains(std::string_view name) const { return metadata_.contains(full(name)); }
  Result<int64_t> count(std::string_view name, int64_t max) const { return metadata_.get_int(full(name), 1, max); }
  Result<int64_t> count_or(std::string_view name, int64_t fallback, int64_t max) const {
    return metadata_.get_int_or(full(name), fallback, 1, max);
  }
  Result<int64_t> count_from_zero_or(std::string_view name, int64_t fallback, int64_t max) const {
    return metadata_.get_int_or(full(name), fallback, 0, max);
  }
  // Of a key that may have a number for each layer.
  Result<int64_t> count_of_layer(std::string_view name, int64_t layer, int64_t max) const;
  Result<int64_t> count_from_zero_of_layer(std::string_view name, int64_t layer, int64_t max) const;
  Result<double> number(std::string_view name, double min, double max) const;
  Result<double> number_or(std::string_view name, double fallback, double min, double max) const {
    return contains(name) ? number(name, min, max) : Result<double>(fallback);
  }
  Result<std::vector<float>> numbers(std::string_view name) const { return metadata_.get_floats(full(name)); }
  Result<std::string> string_or(std::string_view name, std::string_view fallback) const {
    return metadata_.get_string_or(full(name), fallback);
  }
  Result<bool> flag_or(std::string_view name, bool fallback) const {
    return metadata_.get_bool_or(full(name), fallback);
  }
  const gguf::Value* find(std::string_view name) const { return metadata_.find(full(name)); }
  // Null: there is none.
  const gguf::TensorSpec* tensor(std::string_view name) const;
  bool has_tensor(std::string_view name) const { return tensor(name) != nullptr; }

 private:
  // A number for each layer, or one for all.
  Result<int64_t> number_of_layer(std::string_view name, int64_t layer, int64_t min, int64_t max) const;

  const gguf::Metadata& metadata_;
  std::span<const gguf::TensorSpec> tensors_;
  std::string architecture_;
};

Error invalid_key(std::string_view key, const std::string& found, std::string_view expected);

// Bounds that no model comes near, and below which no product of two counts overflows.
inline constexpr int64_t width_max = int64_t{1} << 20;
inline constexpr int64_t ffn_width_max = int64_t{1} << 22;
inline constexpr int64_t experts_max = 4096;
inline constexpr int64_t layers_max = 1024;
inline constexpr int64_t heads_max = 4096;
inline constexpr int64_t head_dim_max = 1024;
inline constexpr int64_t context_tokens_max = int64_t{1} << 28;
inline constexpr int64_t vocab_max = int64_t{1} << 24;

// The norm of this kind: its epsilon, and whether the output's, or the embedding's, has a bias.
Result<NormConfig> read_norm(const Keys& keys, NormKind kind);
// Heads and their size; scores are divided by the root of head_dim. How q, k and v are stored and which biases there
// are is what the tensors of layer 0 say.
Result<AttentionConfig> read_attention(const Keys& keys, const ModelConfig& model);
// The same where the number of heads may differ by layer.
Result<AttentionConfig> read_attention_of_layer(const Keys& keys, const ModelConfig& model, int64_t layer);
// Its width; stored as one matrix with the gate where there is no other one, and with biases, as layer 0 says.
Result<FfnConfig> read_ffn(const Keys& keys);
// What scores are made of, where a key says it.
Result<ExpertGating> read_gating(const Keys& keys, ExpertGating fallback);
// A mixture of experts by the family's rule, where no key says otherwise. How they are stored and which biases there
// are is what the tensors of `layer` say.
Result<ExpertsConfig> read_experts(const Keys& keys, const ExpertRule& rule, int64_t layer);
// The expert beside it that all rows have, if `layer` has one. hidden: the width of the others.
Result<std::optional<FfnConfig>> read_shared_expert(const Keys& keys, int64_t hidden, int64_t layer);
// Its taps, heads and sizes.
Result<DeltaNetConfig> read_delta_net(const Keys& keys, const ModelConfig& model);
Result<Mamba2Config> read_mamba2(const Keys& keys, const ModelConfig& model);
// Base, turning elements and scaling for heads of this size.
Result<RopeConfig> read_rope(const Keys& keys, int64_t head_dim);
// That of layers with a window: plain, with rope.freq_base_swa, or this fallback, and rope.dimension_count_swa.
Result<RopeConfig> read_window_rope(const Keys& keys, const RopeConfig& full, int64_t head_dim, double fallback);
// Which of each P layers has no window.
enum class FullLayer : uint8_t { last, first };
// How many positions a row sees in each layer, 0: all. attention.sliding_window_pattern says which layers have a
// window: an array, or a number P for all but one of each P; absent: as if it were `period`. window_min 0:
// attention.sliding_window may be absent, or 0 for none.
Result<std::vector<int64_t>> read_windows(const Keys& keys, int64_t layers, int64_t period, int64_t window_min,
                                          FullLayer full = FullLayer::last);

// What layers of most families are made of; their one kind of turning becomes the model's.
struct DenseParts {
  AttentionConfig attention;
  FfnConfig ffn;
};
Result<DenseParts> read_dense_parts(const Keys& keys, ModelConfig& model);

}  // namespace quire
