#include "cli/cpu_device.h"

#include <fmt/format.h>

#include "base/control_group.h"
#include "kernels/kernels.h"

namespace quire::cli {
namespace {

Result<const KernelTable*> choose_kernels(const std::string& name) {
  if (name.empty()) return supported_kernel_tables().back();
  if (const KernelTable* table = find_kernel_table(name)) return table;
  std::string names;
  for (const KernelTable* table : supported_kernel_tables()) names += fmt::format(" {}", table->name);
  return fail(ErrorKind::unsupported, fmt::format("QUIRE_ISA: no table '{}' here; there are{}", name, names));
}

}  // namespace

Result<std::unique_ptr<CpuDevice>> CpuDevice::create(int32_t threads, const std::string& isa,
                                                     const std::filesystem::path& machine_root) {
  QUIRE_TRY(const KernelTable* kernels, choose_kernels(isa));
  return std::unique_ptr<CpuDevice>(new CpuDevice(threads > 0 ? threads : usable_cpus(machine_root), *kernels));
}

}  // namespace quire::cli
