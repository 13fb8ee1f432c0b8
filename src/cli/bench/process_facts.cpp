#include "cli/bench/process_facts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace quire::cli {
namespace {

// The number after each line's `label`, of the lines that have it.
int64_t sum_of(const std::filesystem::path& path, std::string_view label) {
  std::ifstream in(path);
  int64_t sum = 0;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(label)) continue;
    sum += std::strtoll(line.c_str() + label.size(), nullptr, 10);
  }
  return sum;
}

}  // namespace

ProcessMemory memory_of_process(pid_t pid) {
  const std::string path = fmt::format("/proc/{}/smaps_rollup", pid);
  return {.pss_bytes = static_cast<uint64_t>(sum_of(path, "Pss:")) * 1024,
          .anonymous_bytes = static_cast<uint64_t>(sum_of(path, "Pss_Anon:")) * 1024};
}

int64_t context_switches_of(pid_t pid) {
  int64_t sum = 0;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
    sum += sum_of(task.path() / "status", "voluntary_ctxt_switches:");
    sum += sum_of(task.path() / "status", "nonvoluntary_ctxt_switches:");
  }
  return sum;
}

uint64_t peak_resident_bytes(pid_t pid) {
  return static_cast<uint64_t>(sum_of(fmt::format("/proc/{}/status", pid), "VmHWM:")) * 1024;
}

uint64_t resident_bytes(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/statm", pid));
  uint64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace quire::cli
