// A language model as its file has it: configuration and weights, on its devices.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "gguf/file.h"
#include "model/config.h"
#include "model/placement/stage.h"
#include "model/rope.h"
#include "model/weights.h"

namespace quire {

// What is asked of a model besides its file.
struct ModelOptions {
  KvType kv_type = KvType::f16;                      // or q8_0; config() says what became of it
  bool mtp = false;                                  // its MTP block is read too, where the file has one that is known
  std::optional<int64_t> gpu_layers = std::nullopt;  // so many of its last layers are a GPU's; none: as many as fit
};

// The configuration of a model that is loaded with these options.
Result<ModelConfig> read_model_config(const gguf::File& file, const ModelOptions& options);

// Immutable once loaded; any thread may compute with it, each by a ModelInstance of its own.
class Model {
 public:
  // Checks the file against its architecture and packs the weights for the stages, each its layers. The file must
  // outlive the model: token embeddings are read from it row by row. config: read_model_config's.
  static Result<Model> load(const gguf::File& file, ModelConfig config, std::span<const Stage> stages,
                            LoadProgress progress);
  // The same wholly on one device.
  static Result<Model> load(const gguf::File& file, Backend& backend, const ModelOptions& options,
                            LoadProgress progress);
  static Result<Model> load(const gguf::File& file, Backend& backend, const ModelOptions& options = {});

  const ModelConfig& config() const { return config_; }
  int32_t vocab_size() const { return static_cast<int32_t>(config_.vocab); }
  // Bytes of the packed weights, its MTP block's among them; of all stages, and of one.
  uint64_t weight_size_bytes() const;
  uint64_t weight_size_bytes(size_t stage) const { return weights_.memories[stage].size_bytes(); }
  // Multiply-adds with weights: of every row, and of a sampled one besides.
  int64_t layer_products() const;
  int64_t output_products() const;

  // Of its layers, in order, and what it reads before and behind them.
  const Weights& weights() const { return weights_; }
  // Its MTP block (mtp_model); null: it was not read. Lives as long as this.
  const Model* mtp() const { return mtp_.get(); }
  // By kind of turning, where contexts of so many tokens are served.
  std::vector<Rope> ropes(int64_t context_tokens) const;

 private:
  Model(ModelConfig config, Weights weights);

  ModelConfig config_;
  Weights weights_;
  std::unique_ptr<const Model> mtp_;
};

}  // namespace quire
