// A model's shape and constants, as its file's metadata states them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backend/kv_type.h"
#include "base/result.h"
#include "gguf/file.h"

namespace quire {

// Invariants: every count is positive and bounded; heads is a multiple of kv_heads; head_dim and rotary_dim are even,
// rotary_dim <= head_dim.
struct ModelConfig {
  std::string architecture;
  int64_t layers = 0;
  int64_t skipped_layers = 0;  // after them, in the file only: they guess tokens beyond the next
  int64_t width = 0;           // elements of the residual stream
  int64_t ffn_width = 0;
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;  // need not be width / heads
  int64_t rotary_dim = 0;
  int64_t vocab = 0;
  int64_t embedding_row_bytes = 0;  // a row of the token table, in the file
  int64_t context_max = 0;          // positions the model was made for
  float norm_epsilon = 0.0F;
  float attention_scale = 0.0F;  // of scores
  double rope_base = 0.0;
  double rope_position_scale = 1.0;  // linear scaling: positions are divided by it
  KvType kv_type = KvType::f16;      // as asked; for f16, f32 where all matrices are F32: the file asks for exactness

  int64_t q_width() const { return heads * head_dim; }
  int64_t kv_width() const { return kv_heads * head_dim; }
};

// Whether a tensor of the file is not the text model's own, so that it need not be read.
bool is_beside_text(const ModelConfig& config, std::string_view tensor);

// kv_type: what is asked for, f16 or q8_0. Errors name the key, what was found and what is possible.
Result<ModelConfig> read_config(const gguf::File& file, KvType kv_type);

}  // namespace quire
