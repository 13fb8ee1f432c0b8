// A model in this process without a server: for the commands that look at the computation itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/machine.h"
#include "engine/model_executor.h"
#include "gguf/file.h"
#include "model/loaded_model.h"

namespace quire::cli {

// Owns everything that computing needs. One thread, besides its team.
class LocalModel {
 public:
  // threads absent: QUIRE_THREADS, else every core. kv_type absent: QUIRE_KV_CACHE_TYPE, else f16. The kernel table is
  // QUIRE_ISA's, else the best.
  static Result<std::unique_ptr<LocalModel>> open(const std::string& path, std::optional<int32_t> threads,
                                                  std::optional<KvType> kv_type);
  // The same of one that gives tokens: an error of an encoder says that it does not. mtp: with its MTP block.
  static Result<std::unique_ptr<LocalModel>> open_generator(const std::string& path, std::optional<int32_t> threads,
                                                            std::optional<KvType> kv_type, bool mtp = false);
  // Computed by a backend of the caller's.
  static Result<std::unique_ptr<LocalModel>> open_on(const std::string& path, std::optional<int32_t> threads,
                                                     const MakeCpuBackend& make);

  // Another one on the same workers; the same thread.
  Result<std::unique_ptr<LocalModel>> open_beside(const std::string& path) const;

  const gguf::File& file() const { return file_; }
  const Model& model() const { return loaded_->model(); }
  std::string_view arithmetic() const { return loaded_->arithmetic(); }
  // Where its layers lie.
  struct Places {
    std::string devices;     // the names of all that compute it, in the order of its layers
    int64_t gpu_layers = 0;  // of model().config().layer_count()
    bool ends_on_gpu = false;
  };
  Result<Places> places() const;
  Result<ModelInstance> make_instance(const Limits& limits) const { return loaded_->make_instance(limits); }
  // One that computes with an instance of its own.
  Result<ModelExecutor> make_executor(const Limits& limits) const;
  // The same of its MTP block. REQUIRES: it was read.
  Result<ModelExecutor> make_mtp_executor(const Limits& limits) const;
  Team& workers() { return machine_->workers(); }
  int worker_count() const { return machine_->worker_count(); }

 private:
  static Result<std::unique_ptr<LocalModel>> load(const std::string& path, std::shared_ptr<Machine> machine,
                                                  const ModelOptions& options, const WeightLoader& load_weights);
  LocalModel(gguf::File file, std::shared_ptr<Machine> machine, KvType kv_type);

  const gguf::File file_;
  const std::shared_ptr<Machine> machine_;
  const KvType kv_type_;
  std::unique_ptr<LoadedModel> loaded_;  // set by open
};

// An error names the architecture of a model whose texts are computed whole.
Result<void> check_generates(const ModelConfig& config);

}  // namespace quire::cli
