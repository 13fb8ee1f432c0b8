#include "base/control_group.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>
#include <thread>

namespace quire {
namespace {

bool has_item(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == wanted) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// `own` and all above it up to the mount.
void add_groups(const std::filesystem::path& mount, std::string_view own, int version,
                std::vector<ControlGroup>& groups) {
  const auto slash = own.find_first_not_of('/');
  std::filesystem::path group = slash == std::string_view::npos ? "" : own.substr(slash);
  for (; !group.empty(); group = group.parent_path()) groups.push_back({mount / group, version});
  groups.push_back({mount, version});
}

int cpus_to_run_on() {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof(allowed), &allowed) == 0) return std::max(CPU_COUNT(&allowed), 1);
  return static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
}

// Whole CPUs of one group's quota; none: it has no quota.
std::optional<uint64_t> quota_cpus(const ControlGroup& group) {
  uint64_t quota_us = 0;
  uint64_t period_us = 0;
  if (group.version == 2) {
    std::ifstream file(group.folder / "cpu.max");
    if (!(file >> quota_us >> period_us)) return std::nullopt;  // "max 100000"
  } else {
    quota_us = number_in(group.folder / "cpu.cfs_quota_us").value_or(0);
    period_us = number_in(group.folder / "cpu.cfs_period_us").value_or(0);
  }
  if (quota_us == 0 || period_us == 0) return std::nullopt;
  return quota_us / period_us;
}

}  // namespace

std::optional<uint64_t> number_in(const std::filesystem::path& path, std::string_view key) {
  std::ifstream file(path);
  std::string word;
  while (file >> word) {
    if (!key.empty() && word != key) continue;
    uint64_t number = 0;
    if (key.empty()) {
      if (word.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
      return std::stoull(word.substr(0, 19));
    }
    if (file >> number) return number;
  }
  return std::nullopt;
}

std::vector<ControlGroup> control_groups(const std::filesystem::path& root, std::string_view controller) {
  const std::filesystem::path mounts = root / "sys/fs/cgroup";
  std::vector<ControlGroup> groups;
  std::string own_v2 = "/";
  std::ifstream file(root / "proc/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {
    // "HIERARCHY:CONTROLLERS:PATH"; version 2 is hierarchy 0 and names no controllers.
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      own_v2 = path;
    } else if (has_item(controllers, controller)) {
      std::error_code error;
      const bool by_list = std::filesystem::is_directory(mounts / controllers, error);
      add_groups(mounts / (by_list ? std::filesystem::path(controllers) : controller), path, 1, groups);
    }
  }
  add_groups(mounts, own_v2, 2, groups);
  return groups;
}

int usable_cpus(const std::filesystem::path& root) {
  auto cpus = static_cast<uint64_t>(cpus_to_run_on());
  for (const ControlGroup& group : control_groups(root, "cpu")) {
    if (const auto quota = quota_cpus(group)) cpus = std::min(cpus, *quota);
  }
  return static_cast<int>(std::max<uint64_t>(cpus, 1));
}

}  // namespace quire
