#include "model/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "model/arch/architecture.h"
#include "model/keys.h"
#include "model/pooling.h"

namespace quire {
namespace {

// Beginnings of the names of tensors that published files hold beside the text model, which does not read them: vision
// and audio towers, their projectors, and blocks that guess further tokens.
constexpr std::array<std::string_view, 5> beside_text_prefixes = {"v.", "a.", "mm.", "mtp.", "model.vision_tower."};

// The N of "blk.N.".
std::optional<int64_t> block_of(std::string_view tensor) {
  constexpr std::string_view prefix = "blk.";
  if (!tensor.starts_with(prefix)) return std::nullopt;
  tensor.remove_prefix(prefix.size());
  int64_t block = 0;
  const auto [end, error] = std::from_chars(tensor.data(), tensor.data() + tensor.size(), block);
  if (error != std::errc() || end == tensor.data() + tensor.size() || *end != '.') return std::nullopt;
  return block;
}

// Keys and values that a layer would have of its own, where it reads another one's: files of checkpoints have them all
// the same.
bool is_unread_kv(const ModelConfig& config, int64_t block, std::string_view tensor) {
  const AttentionConfig* const attention = config.find_attention(block);
  if (attention == nullptr || attention->makes_kv()) return false;
  const std::string_view part = tensor.substr(tensor.find('.', tensor.find('.') + 1) + 1);
  return part.starts_with("attn_k.") || part.starts_with("attn_k_norm.") || part.starts_with("attn_v.");
}

// The layer's block of this kind, const where the layer is.
template <typename Config, typename Layer>
Config* find_block(Layer& layer) {
  for (auto& branch : layer.branches) {
    for (auto& block : branch.blocks) {
      if (Config* const found = std::get_if<std::remove_const_t<Config>>(&block)) return found;
    }
  }
  return nullptr;
}

// Rows see what follows them: all, or as much of a window as what is before.
Result<void> see_whole_texts(ModelConfig& config) {
  for (LayerConfig& layer : config.layers) {
    AttentionConfig* const attention = attention_of(layer);
    if (attention == nullptr) {
      return fail(ErrorKind::unsupported,
                  fmt::format("{}.attention.causal: found false; layers without attention see no rows behind them",
                              config.architecture));
    }
    attention->after = attention->window > 0 ? attention->window / 2 : all_positions;
    if (attention->window > 0) attention->window = 2 * attention->after + 1;
  }
  return {};
}

// Layers of one shape are planned together.
void find_attention_shapes(ModelConfig& config) {
  const auto shape_number = [&](const AttentionShape& shape) {
    const auto same = std::ranges::find(config.attention_shapes, shape);
    const int64_t number = same - config.attention_shapes.begin();
    if (same == config.attention_shapes.end()) config.attention_shapes.push_back(shape);
    return number;
  };
  for (LayerConfig& layer : config.layers) {
    if (AttentionConfig* const attention = attention_of(layer)) {
      attention->shape = shape_number({.kv_heads = attention->kv_heads,
                                       .group = attention->heads / attention->kv_heads,
                                       .window = attention->window,
                                       .after = attention->after});
    }
    if (LatentAttentionConfig* const attention = latent_attention_of(layer)) {
      attention->shape = shape_number({.kv_heads = 1, .group = attention->heads});
    }
  }
}

// The block behind the layers, where the file has more of it than its number.
std::optional<MtpConfig> read_mtp(const Keys& keys, const ModelConfig& config) {
  const std::string block = fmt::format("blk.{}.nextn.", config.layer_count());
  if (config.skipped_layers == 0 || !keys.has_tensor(block + "eh_proj.weight")) return std::nullopt;
  MtpConfig mtp;
  for (int64_t layer = 0; layer < config.layer_count(); ++layer) {
    if (config.find_attention(layer) != nullptr) mtp.layer = config.layers[static_cast<size_t>(layer)];
  }
  const gguf::TensorSpec* const own = keys.tensor(block + "embed_tokens.weight");
  if (own != nullptr) mtp.embedding_row_bytes = row_size_bytes(own->type, own->shape[0]);
  return mtp;
}

// What every architecture has.
Result<void> read_common(const Keys& keys, const Architecture& architecture, ModelConfig& config) {
  QUIRE_TRY(const int64_t blocks, keys.count("block_count", layers_max));
  QUIRE_TRY(config.skipped_layers, keys.count_from_zero_or("nextn_predict_layers", 0, blocks - 1));
  config.layers.resize(static_cast<size_t>(blocks - config.skipped_layers));
  QUIRE_TRY(config.width, keys.count("embedding_length", width_max));
  QUIRE_TRY(config.context_max, keys.count("context_length", context_tokens_max));
  QUIRE_TRY(config.norm, read_norm(keys, architecture.norm));
  config.post_norm = config.norm;
  const gguf::TensorSpec* const embedding = keys.tensor("token_embd.weight");
  if (embedding == nullptr) return fail(ErrorKind::invalid, "tensor token_embd.weight: not in the file");
  config.vocab = embedding->shape[1];
  if (config.vocab < 1 || config.vocab > vocab_max) {
    return fail(ErrorKind::invalid,
                fmt::format("tensor token_embd.weight: found {} rows, expected 1 to {}", config.vocab, vocab_max));
  }
  config.embedding_row_bytes = row_size_bytes(embedding->type, embedding->shape[0]);
  return {};
}

}  // namespace

AttentionConfig* attention_of(LayerConfig& layer) { return find_block<AttentionConfig>(layer); }

LatentAttentionConfig* latent_attention_of(LayerConfig& layer) { return find_block<LatentAttentionConfig>(layer); }

ModelConfig mtp_model(const ModelConfig& config) {
  ModelConfig block = config;
  block.layers = {config.mtp->layer};
  block.mtp.reset();
  block.skipped_layers = 0;
  block.reads_states = true;
  if (config.mtp->embedding_row_bytes > 0) block.embedding_row_bytes = config.mtp->embedding_row_bytes;
  block.attention_shapes.clear();
  find_attention_shapes(block);
  return block;
}

bool is_beside_text(const ModelConfig& config, std::string_view tensor) {
  const auto block = block_of(tensor);
  if (config.mtp && block == config.layer_count()) return false;
  if (config.whole_texts && tensor == "output.weight") return true;
  if (block && *block >= 0 && *block < config.layer_count()) return is_unread_kv(config, *block, tensor);
  if (block) return *block >= config.layer_count() && *block < config.layer_count() + config.skipped_layers;
  return std::ranges::any_of(beside_text_prefixes, [&](std::string_view prefix) { return tensor.starts_with(prefix); });
}

const AttentionConfig* ModelConfig::find_attention(int64_t layer) const {
  return find_block<const AttentionConfig>(layers[static_cast<size_t>(layer)]);
}

const LatentAttentionConfig* ModelConfig::find_latent_attention(int64_t layer) const {
  return find_block<const LatentAttentionConfig>(layers[static_cast<size_t>(layer)]);
}

const AttentionConfig& ModelConfig::attention(int64_t layer) const {
  const AttentionConfig* const found = find_attention(layer);
  QUIRE_CHECK(found != nullptr, "the layer attends");
  return *found;
}

Result<ModelConfig> read_config(const gguf::Metadata& metadata, std::span<const gguf::TensorSpec> tensors,
                                KvType kv_type) {
  ModelConfig config;
  QUIRE_TRY(config.architecture, metadata.get_string("general.architecture"));
  const Architecture* const architecture = find_architecture(config.architecture);
  if (architecture == nullptr) {
    return fail(ErrorKind::unsupported, fmt::format("general.architecture: found \"{}\"; supported are {}",
                                                    config.architecture, architecture_names()));
  }
  const Keys keys(metadata, tensors, config.architecture);
  QUIRE_TRY_VOID(read_common(keys, *architecture, config));
  QUIRE_TRY_VOID(architecture->describe(keys, config));
  QUIRE_TRY(const bool causal, metadata.get_bool_or(keys.full("attention.causal"), !architecture->whole_texts));
  config.whole_texts = !causal;
  if (config.whole_texts) {
    QUIRE_TRY_VOID(see_whole_texts(config));
  }
  find_attention_shapes(config);
  config.head = read_head(keys, config);
  const bool exact = std::ranges::all_of(tensors, [&](const gguf::TensorSpec& tensor) {
    return tensor.shape[1] == 1 || tensor.type == ElementType::f32 || is_beside_text(config, tensor.name);
  });
  config.kv_type = kv_type == KvType::f16 && exact ? KvType::f32 : kv_type;
  if (architecture->predicts) config.mtp = read_mtp(keys, config);
  return config;
}

Result<ModelConfig> read_config(const gguf::File& file, KvType kv_type) {
  std::vector<gguf::TensorSpec> tensors;
  for (const TensorView& tensor : file.tensors()) {
    tensors.push_back({.name = tensor.name, .type = tensor.type, .shape = tensor.shape});
  }
  return read_config(file.metadata(), tensors, kv_type);
}

}  // namespace quire
