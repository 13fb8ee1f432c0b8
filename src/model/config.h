// What a model is made of, as its file's metadata says: data alone. A family (model/arch/) fills it, blocks
// (model/blocks/) are made by it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "gguf/file.h"
#include "gguf/writer.h"

namespace quire {

// How the elements of a head turn with a row's position.
struct RopeConfig {
  int64_t rotary = 0;           // leading elements of a head that turn; even
  double base = 10000.0;        // pair d turns by position * base^(-2 d / rotary)
  double position_scale = 1.0;  // linear scaling: positions are divided by it
  std::string factors;          // a tensor (rotary / 2) that the frequencies are divided by; empty: none
};

// Which norms queries and keys have before they turn.
enum class HeadNorms : uint8_t {
  none,
  each_head,  // tensors attn_q_norm and attn_k_norm (head_dim)
};

struct AttentionConfig {
  int64_t heads = 0;  // a multiple of kv_heads
  int64_t kv_heads = 0;
  int64_t head_dim = 0;  // even; need not be width / heads
  int64_t rope = 0;      // of ModelConfig::ropes
  RopePairs pairs = RopePairs::neighbours;
  HeadNorms head_norms = HeadNorms::none;
  bool qkv_bias = false;
  float scale = 0.0F;  // of scores
  int64_t shape = 0;   // of ModelConfig::attention_shapes

  int64_t q_width() const { return heads * head_dim; }
  int64_t kv_width() const { return kv_heads * head_dim; }
};

struct FfnConfig {
  int64_t width = 0;
};

using BlockConfig = std::variant<AttentionConfig, FfnConfig>;

// x += block(norm(x)).
struct BranchConfig {
  std::string_view norm;  // its tensor: blk.N.NORM.weight
  BlockConfig block;
};

struct LayerConfig {
  std::vector<BranchConfig> branches;  // in order
};

// Invariants: every count is positive and bounded; a layer has one attention.
struct ModelConfig {
  std::string architecture;
  std::vector<LayerConfig> layers;
  int64_t skipped_layers = 0;  // after them, in the file only: they guess tokens beyond the next
  int64_t width = 0;           // elements of the residual stream
  int64_t vocab = 0;
  int64_t embedding_row_bytes = 0;  // a row of the token table, in the file
  int64_t context_max = 0;          // positions the model was made for
  float norm_epsilon = 0.0F;
  std::vector<RopeConfig> ropes;                 // the kinds that its layers have
  std::vector<AttentionShape> attention_shapes;  // the same
  KvType kv_type = KvType::f16;  // as asked; for f16, f32 where all matrices are F32: the file asks for exactness

  int64_t layer_count() const { return static_cast<int64_t>(layers.size()); }
  const AttentionConfig& attention(int64_t layer) const;
};

// Whether a tensor of the file is not the text model's own, so that it need not be read.
bool is_beside_text(const ModelConfig& config, std::string_view tensor);

// kv_type: what is asked for, f16 or q8_0. Errors name the key, what was found and what is possible.
Result<ModelConfig> read_config(const gguf::Metadata& metadata, std::span<const gguf::TensorSpec> tensors,
                                KvType kv_type);
Result<ModelConfig> read_config(const gguf::File& file, KvType kv_type);

}  // namespace quire
