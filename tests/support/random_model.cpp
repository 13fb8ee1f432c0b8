#include "support/random_model.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "base/bytes.h"
#include "base/check.h"
#include "support/random_blocks.h"
#include "support/tensor_bytes.h"
#include "tensor/dequantize.h"
#include "tensor/quantize.h"

namespace quire::test {
namespace {

void add_layer(std::vector<gguf::TensorSpec>& tensors, const Shape& shape, int64_t layer) {
  const std::string prefix = "blk." + std::to_string(layer) + ".";
  const auto vector = [&](const char* name, int64_t size) {
    tensors.push_back({.name = prefix + name, .shape = {size, 1, 1, 1}});
  };
  const auto matrix = [&](const char* name, int64_t outputs, int64_t inputs) {
    tensors.push_back({.name = prefix + name, .type = shape.type, .shape = {inputs, outputs, 1, 1}});
  };
  const int64_t q_width = shape.heads * shape.head_dim;
  const int64_t kv_width = shape.kv_heads * shape.head_dim;
  vector("attn_norm.weight", shape.width);
  matrix("attn_q.weight", q_width, shape.width);
  matrix("attn_k.weight", kv_width, shape.width);
  matrix("attn_v.weight", kv_width, shape.width);
  if (shape.architecture == "qwen2") {
    vector("attn_q.bias", q_width);
    vector("attn_k.bias", kv_width);
    vector("attn_v.bias", kv_width);
  }
  if (shape.architecture.starts_with("qwen3")) {
    vector("attn_q_norm.weight", shape.head_dim);
    vector("attn_k_norm.weight", shape.head_dim);
  }
  matrix("attn_output.weight", shape.width, q_width);
  vector("ffn_norm.weight", shape.width);
  if (shape.experts == 0) {
    matrix("ffn_gate.weight", shape.ffn_width, shape.width);
    matrix("ffn_up.weight", shape.ffn_width, shape.width);
    matrix("ffn_down.weight", shape.width, shape.ffn_width);
    return;
  }
  const auto stack = [&](const char* name, int64_t outputs, int64_t inputs) {
    matrix(name, outputs, inputs);
    tensors.back().shape[2] = shape.experts;
  };
  matrix("ffn_gate_inp.weight", shape.experts, shape.width);
  stack("ffn_gate_exps.weight", shape.ffn_width, shape.width);
  stack("ffn_up_exps.weight", shape.ffn_width, shape.width);
  stack("ffn_down_exps.weight", shape.width, shape.ffn_width);
}

}  // namespace

gguf::TensorSpec& Draft::tensor(const std::string& name) {
  const auto found = std::ranges::find(tensors, name, &gguf::TensorSpec::name);
  QUIRE_CHECK(found != tensors.end(), name);
  return *found;
}

void Draft::remove(const std::string& name) {
  std::erase_if(tensors, [&](const gguf::TensorSpec& tensor) { return tensor.name == name; });
}

Draft draft(const Shape& shape) {
  Draft result;
  const auto number = [&](const std::string& key, int64_t value) {
    result.metadata.set(shape.architecture + "." + key, static_cast<uint32_t>(value));
  };
  result.metadata.set("general.architecture", shape.architecture);
  number("block_count", shape.layers);
  number("context_length", 4096);
  number("embedding_length", shape.width);
  number("feed_forward_length", shape.ffn_width);
  number("attention.head_count", shape.heads);
  number("attention.head_count_kv", shape.kv_heads);
  number("attention.key_length", shape.head_dim);
  number("attention.value_length", shape.head_dim);
  if (shape.experts > 0) {
    number("expert_count", shape.experts);
    number("expert_used_count", shape.experts_used);
  }
  result.metadata.set(shape.architecture + ".attention.layer_norm_rms_epsilon", 1e-5F);
  result.metadata.set(shape.architecture + ".rope.freq_base", 10000.0F);

  result.tensors.push_back(
      {.name = "token_embd.weight", .type = shape.type, .shape = {shape.width, shape.vocab, 1, 1}});
  if (shape.rope_factors)
    result.tensors.push_back({.name = "rope_freqs.weight", .shape = {shape.head_dim / 2, 1, 1, 1}});
  for (int64_t layer = 0; layer < shape.layers; ++layer) add_layer(result.tensors, shape, layer);
  result.tensors.push_back({.name = "output_norm.weight", .shape = {shape.width, 1, 1, 1}});
  if (!shape.tied) {
    result.tensors.push_back({.name = "output.weight", .type = shape.type, .shape = {shape.width, shape.vocab, 1, 1}});
  }
  return result;
}

std::vector<std::byte> fill(const Draft& draft, uint64_t seed) {
  Result<std::vector<std::byte>> header = gguf::header_bytes(draft.metadata, draft.tensors);
  QUIRE_CHECK(header.has_value(), header.error().message);
  std::vector<std::byte> bytes = std::move(*header);
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  for (const gguf::TensorSpec& tensor : draft.tensors) {
    const bool is_matrix = tensor.shape[1] > 1;
    const bool is_bias = tensor.name.ends_with(".bias");
    const float mean = is_matrix || is_bias ? 0.0F : 1.0F;
    const float deviation = tensor.name == "token_embd.weight" ? 1.0F
                            : is_matrix                        ? 1.0F / std::sqrt(static_cast<float>(tensor.shape[0]))
                                                               : 0.2F;
    std::vector<float> row(static_cast<size_t>(tensor.shape[0]));
    std::vector<std::byte> stored(static_cast<size_t>(row_size_bytes(tensor.type, tensor.shape[0])));
    for (int64_t r = 0; r < tensor.row_count(); ++r) {
      if (has_quantizer(tensor.type)) {
        for (float& value : row) value = mean + deviation * normal(random);
        quantize(tensor.type, row.data(), tensor.shape[0], stored.data());
      } else {
        fill_random_blocks(tensor.type, tensor.shape[0], deviation, random, stored.data());
      }
      bytes.insert(bytes.end(), stored.begin(), stored.end());
    }
    bytes.resize(round_up<size_t>(bytes.size(), 32));
  }
  return bytes;
}

std::vector<std::byte> requantize(const gguf::File& file, ElementType type) {
  std::vector<gguf::TensorSpec> specs;
  for (const TensorView& tensor : file.tensors()) {
    const bool is_norm = tensor.name.find("_norm.") != std::string::npos;  // a row for each group
    const bool added = tensor.name == "token_types.weight" || is_norm;     // their rows are vectors
    const bool fits = !added && tensor.shape[1] > 1 && tensor.shape[0] % element_traits(type).block_elements == 0;
    specs.push_back({.name = tensor.name, .type = fits ? type : tensor.type, .shape = tensor.shape});
  }
  Result<std::vector<std::byte>> header = gguf::header_bytes(file.metadata(), specs);
  QUIRE_CHECK(header.has_value(), header.error().message);
  std::vector<std::byte> bytes = std::move(*header);
  for (size_t i = 0; i < specs.size(); ++i) {
    const TensorView& tensor = file.tensors()[i];
    std::vector<float> values(static_cast<size_t>(tensor.element_count()));
    dequantize(tensor.type, bytes_of(tensor).data(), tensor.element_count(), values.data());
    const size_t begin = bytes.size();
    bytes.resize(begin + static_cast<size_t>(specs[i].size_bytes()));
    quantize(specs[i].type, values.data(), tensor.element_count(), bytes.data() + begin);
    bytes.resize(round_up<size_t>(bytes.size(), 32));
  }
  return bytes;
}

}  // namespace quire::test
