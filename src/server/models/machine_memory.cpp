#include "server/models/machine_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <numeric>
#include <string>
#include <string_view>

namespace quire::server {
namespace {

// The number in a file that holds one, or the one behind `key` in a file of "key number" lines. None: no such file, or
// a word in its place ("max").
std::optional<uint64_t> read_number(const std::filesystem::path& path, std::string_view key) {
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

// The path of this process's control group below the mount, "/" where it has a namespace of its own.
std::string own_group(const std::filesystem::path& root) {
  std::ifstream file(root / "proc/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("0::/")) return line.substr(4);
  }
  return {};
}

void apply_group(const std::filesystem::path& group, MachineMemory& memory) {
  const auto most = read_number(group / "memory.max", "");
  const auto used = read_number(group / "memory.current", "");
  if (!most || !used) return;
  // Pages of files that nobody has touched lately go when somebody needs the room.
  const uint64_t held = *used - std::min(*used, read_number(group / "memory.stat", "inactive_file").value_or(0));
  memory.total_bytes = std::min(memory.total_bytes, *most);
  memory.available_bytes = std::min(memory.available_bytes, *most - std::min(*most, held));
}

// Gives each taker an equal share of `rest`, but to none more than it wants.
void deal(uint64_t& rest, const std::vector<uint64_t>& wants, std::vector<uint64_t>& gets) {
  std::vector<size_t> takers(wants.size());
  std::iota(takers.begin(), takers.end(), size_t{0});
  std::ranges::sort(takers, std::less{}, [&](size_t index) { return wants[index]; });
  for (size_t taken = 0; taken < takers.size(); ++taken) {
    const uint64_t share = std::min(wants[takers[taken]], rest / (takers.size() - taken));
    gets[takers[taken]] += share;
    rest -= share;
  }
}

}  // namespace

MachineMemory read_machine_memory(const std::filesystem::path& root) {
  MachineMemory memory{.total_bytes = uint64_t{4} << 30, .available_bytes = uint64_t{2} << 30};
  if (const auto kib = read_number(root / "proc/meminfo", "MemTotal:")) memory.total_bytes = *kib << 10;
  if (const auto kib = read_number(root / "proc/meminfo", "MemAvailable:")) memory.available_bytes = *kib << 10;
  const std::filesystem::path mount = root / "sys/fs/cgroup";
  for (std::filesystem::path group = own_group(root); !group.empty(); group = group.parent_path()) {
    apply_group(mount / group, memory);
  }
  apply_group(mount, memory);
  return memory;
}

uint64_t memory_reserve(uint64_t total_bytes) {
  return std::clamp<uint64_t>(total_bytes / 16, uint64_t{64} << 20, uint64_t{1} << 30);
}

std::optional<std::vector<uint64_t>> plan_kv_memory(std::span<const KvMemory> models, const MachineMemory& memory,
                                                    uint64_t bound_bytes) {
  uint64_t used = 0;
  uint64_t limits = 0;
  for (const KvMemory& model : models) {
    used += model.used_bytes;
    limits += model.limit_bytes;
  }
  const uint64_t reserve = memory_reserve(memory.total_bytes);
  uint64_t budget = used + memory.available_bytes;
  budget -= std::min(budget, reserve);
  if (bound_bytes > 0) budget = std::min(budget, bound_bytes);

  // What a model of a kind should have after a round, as a function of the model.
  struct Round {
    bool busy;
    uint64_t (*target)(const KvMemory&);
  };
  constexpr Round rounds[] = {
      {true, [](const KvMemory& model) { return model.used_bytes; }},
      {true, [](const KvMemory& model) { return 2 * model.used_bytes; }},
      {false, [](const KvMemory& model) { return model.used_bytes; }},
      {true, [](const KvMemory& model) { return model.max_bytes; }},
      {false, [](const KvMemory& model) { return model.max_bytes; }},
  };
  std::vector<uint64_t> planned(models.size(), 0);
  uint64_t rest = budget;
  for (const Round& round : rounds) {
    std::vector<uint64_t> wants(models.size(), 0);
    for (size_t index = 0; index < models.size(); ++index) {
      if (models[index].busy != round.busy) continue;
      const uint64_t target = std::min(round.target(models[index]), models[index].max_bytes);
      wants[index] = target - std::min(target, planned[index]);
    }
    deal(rest, wants, planned);
  }

  bool changes = limits > budget;
  for (size_t index = 0; index < models.size(); ++index) {
    const uint64_t limit = models[index].limit_bytes;
    if (planned[index] > limit + limit / 8) changes = true;
  }
  return changes ? std::optional(planned) : std::nullopt;
}

}  // namespace quire::server
