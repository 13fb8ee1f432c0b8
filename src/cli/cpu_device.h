// This machine's cores as the device that models compute on.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "backend/cpu_backend.h"
#include "base/result.h"
#include "base/team.h"

namespace quire::cli {

// One team and one kernel table for the whole process: engines take the team in turn. Must outlive its backends.
class CpuDevice {
 public:
  // threads 0: as many as usable_cpus(machine_root) says. isa empty: the best kernel table that this machine can run;
  // an unknown one is an error that lists what there is.
  static Result<std::unique_ptr<CpuDevice>> create(int32_t threads, const std::string& isa,
                                                   const std::filesystem::path& machine_root);

  std::unique_ptr<Backend> make_backend() { return std::make_unique<CpuBackend>(team_, kernels_); }
  // How long each worker has computed. Any thread.
  std::vector<int64_t> busy_ns() const { return team_.busy_ns(); }
  int worker_count() const { return team_.worker_count(); }

 private:
  CpuDevice(int workers, const KernelTable& kernels) : team_(workers), kernels_(kernels) {}

  Team team_;
  const KernelTable& kernels_;
};

}  // namespace quire::cli
