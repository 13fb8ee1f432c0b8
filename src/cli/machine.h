// What computes on this machine: its cores, and the GPUs beside them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "backend/gpu/gpus.h"
#include "base/result.h"
#include "base/team.h"
#include "model/loaded_model.h"
#include "server/models/machine_memory.h"
#include "server/settings.h"

namespace quire::cli {

// Makes a model's backend on these workers by this table.
using MakeCpuBackend = std::function<std::unique_ptr<Backend>(Team& team, const KernelTable& kernels)>;

// One team for the whole process: engines take it in turn. Must outlive its models.
class Machine {
 public:
  struct Options {
    int32_t threads = 0;  // 0: as many as usable_cpus(root) says
    std::string isa;      // a kernel table by name; empty: the best that this machine can run, and beside GPUs of
                          // those with their bits, so that answers do not depend on where layers lie
    std::filesystem::path root = "/";
    Gpus::Options gpus;
    std::optional<int64_t> gpu_layers;  // of each model; none: as many as fit
    int32_t context_tokens = 0;         // longest context of a model; 0: what it was made for
    int32_t running_max = 0;            // contexts in a step; 0: as many as an engine has
  };
  // An unknown kernel table is an error that lists what there is; so is a GPU that was asked for and is not there, or
  // whose arithmetic is not that table's.
  static Result<std::unique_ptr<Machine>> create(const Options& options);

  // Loads models onto this machine: their last layers where GPUs have room for them, the others on the cores. A model
  // whose layers no GPU can compute is computed by the cores, and the log says why.
  WeightLoader weight_loader();
  // Onto the cores alone, by a backend of the caller's.
  WeightLoader weight_loader(const MakeCpuBackend& make) {
    return quire::weight_loader([this, make] { return make(team_, kernels_); });
  }
  // Also for what is computed beside a model: a step's sampling.
  Team& workers() { return team_; }
  // How long each worker has computed. Any thread.
  std::vector<int64_t> busy_ns() const { return team_.busy_ns(); }
  int worker_count() const { return team_.worker_count(); }
  // For the log: a line for each GPU, or for each reason why there is none.
  std::vector<std::string> describe_gpus();
  // Of the GPUs that can be used. Any thread.
  std::vector<server::DeviceStatus> read_gpus() const;

 private:
  Machine(int workers, const KernelTable& kernels, Options options, std::unique_ptr<Gpus> gpus)
      : team_(workers), kernels_(kernels), options_(std::move(options)), gpus_(std::move(gpus)) {}

  PlacedStage on_cores(LayerRange layers);
  Result<std::vector<PlacedStage>> place(const gguf::File& file, const ModelConfig& config,
                                         const ModelOptions& options);

  Team team_;
  const KernelTable& kernels_;
  const Options options_;
  const std::unique_ptr<Gpus> gpus_;
};

// An error names the variable.
Result<Machine::Options> machine_options(const server::Settings& settings);

}  // namespace quire::cli
