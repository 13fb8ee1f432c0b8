// This machine's cores as the device that models compute on.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "base/result.h"
#include "base/team.h"
#include "model/loaded_model.h"

namespace quire::cli {

// Makes a model's backend on these workers by this table.
using MakeCpuBackend = std::function<std::unique_ptr<Backend>(Team& team, const KernelTable& kernels)>;

// One team and one kernel table for the whole process: engines take the team in turn. Must outlive its models.
class CpuDevice {
 public:
  // threads 0: as many as usable_cpus(machine_root) says. isa empty: the best kernel table that this machine can run;
  // an unknown one is an error that lists what there is.
  static Result<std::unique_ptr<CpuDevice>> create(int32_t threads, const std::string& isa,
                                                   const std::filesystem::path& machine_root);

  // Loads models onto this device, which must outlive them.
  WeightLoader weight_loader() { return quire::weight_loader(cpu_backends(team_, kernels_)); }
  WeightLoader weight_loader(const MakeCpuBackend& make) {
    return quire::weight_loader([this, make] { return make(team_, kernels_); });
  }
  // Also for what is computed beside a model: a step's sampling.
  Team& workers() { return team_; }
  // How long each worker has computed. Any thread.
  std::vector<int64_t> busy_ns() const { return team_.busy_ns(); }
  int worker_count() const { return team_.worker_count(); }

 private:
  CpuDevice(int workers, const KernelTable& kernels) : team_(workers), kernels_(kernels) {}

  Team team_;
  const KernelTable& kernels_;
};

}  // namespace quire::cli
