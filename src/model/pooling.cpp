#include "model/pooling.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace quire {
namespace {

constexpr int64_t rank_type = 4;
constexpr std::string_view rank_tensor = "cls.output.weight";

// What the other numbers mean; none: not served.
constexpr std::array<Pooling, 4> pooling_types = {Pooling::none, Pooling::mean, Pooling::first, Pooling::last};

std::string key_of(const gguf::Metadata& metadata, std::string_view name) {
  return fmt::format("{}.{}", metadata.get_string_or("general.architecture", "").value_or(""), name);
}

Result<Pooling> not_served(std::string_view key, int64_t type, std::string_view why) {
  return fail(ErrorKind::unsupported,
              fmt::format("the model has no vectors of texts here: {} is {}, {}", key, type, why));
}

void add_stage(const Keys& keys, HeadStage stage, HeadConfig& head) {
  const gguf::TensorSpec* const weights = keys.tensor(fmt::format("{}.weight", stage.name));
  if (weights == nullptr) return;
  stage.outputs = weights->shape[1];
  stage.bias = keys.has_tensor(fmt::format("{}.bias", stage.name));
  stage.norm = keys.has_tensor(fmt::format("{}.norm.weight", stage.name));
  head.stages.push_back(stage);
}

}  // namespace

bool ranks(const gguf::File& file) {
  const gguf::Metadata& metadata = file.metadata();
  const std::string key = key_of(metadata, "pooling_type");
  if (metadata.find(key) == nullptr) return file.find_tensor(rank_tensor) != nullptr;
  return metadata.get_int_or(key, 0, 0, INT32_MAX).value_or(0) == rank_type;
}

Result<Pooling> read_pooling(const gguf::File& file) {
  const gguf::Metadata& metadata = file.metadata();
  const bool is_rank = ranks(file);
  if (is_rank && file.find_tensor(rank_tensor) == nullptr) {
    return not_served(key_of(metadata, "pooling_type"), rank_type,
                      fmt::format("a rank, and there is no tensor {}", rank_tensor));
  }
  const std::string key = key_of(metadata, is_rank ? "classifier.pooling_type" : "pooling_type");
  if (metadata.find(key) == nullptr) {
    if (metadata.get_bool_or(key_of(metadata, "attention.causal"), true).value_or(true)) return Pooling::last;
    return is_rank ? Pooling::first : Pooling::mean;
  }
  QUIRE_TRY(const int64_t type, metadata.get_int_or(key, 0, 0, INT32_MAX));
  const Pooling pooling = type < std::ssize(pooling_types) ? pooling_types[static_cast<size_t>(type)] : Pooling::none;
  if (pooling != Pooling::none) return pooling;
  return not_served(key, type, "served are 1 (mean), 2 (first), 3 (last) and ranks");
}

HeadConfig read_head(const Keys& keys, const ModelConfig& model) {
  HeadConfig head;
  add_stage(keys, {.name = "dense_2"}, head);
  add_stage(keys, {.name = "dense_3"}, head);
  if (!keys.has_tensor(rank_tensor)) return head;
  const bool normed = keys.has_tensor("cls.norm.weight");
  add_stage(keys, {.name = "cls", .activation = normed ? HeadActivation::gelu_erf : HeadActivation::tanh}, head);
  add_stage(keys, {.name = "cls.output"}, head);
  // What would be the next token is among the labels.
  head.probabilities = !model.whole_texts && head.stages.back().outputs > 1;
  return head;
}

}  // namespace quire
