#include "server/models/machine_memory.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/control_group.h"

namespace quire::server {
namespace {

// What the memory files of both versions are called.
struct GroupFiles {
  std::vector<const char*> limits;
  const char* used;
  std::vector<const char*> cached;   // in memory.stat
  std::vector<const char*> pending;  // part of it
};
const GroupFiles& files_of(int version) {
  // memory.high is no wall, but beyond it every allocation waits for pages to be found.
  static const GroupFiles v2{.limits = {"memory.max", "memory.high"},
                             .used = "memory.current",
                             .cached = {"active_file", "inactive_file", "slab_reclaimable"},
                             .pending = {"file_dirty", "file_writeback"}};
  static const GroupFiles v1{.limits = {"memory.limit_in_bytes"},
                             .used = "memory.usage_in_bytes",
                             .cached = {"total_active_file", "total_inactive_file"},
                             .pending = {"total_dirty", "total_writeback"}};
  return version == 1 ? v1 : v2;
}

uint64_t sum_of(const std::filesystem::path& stat, const std::vector<const char*>& keys) {
  uint64_t sum = 0;
  for (const char* key : keys) sum += number_in(stat, key).value_or(0);
  return sum;
}

void apply_group(const ControlGroup& group, MachineMemory& memory) {
  const GroupFiles& files = files_of(group.version);
  const std::filesystem::path stat = group.folder / "memory.stat";
  // 9223372036854771712, "no limit" in version 1, is more than any machine has.
  uint64_t most = std::numeric_limits<uint64_t>::max();
  for (const char* limit : files.limits) most = std::min(most, number_in(group.folder / limit).value_or(most));
  // Of groups around a container, which it cannot look into.
  if (group.version == 1) most = std::min(most, number_in(stat, "hierarchical_memory_limit").value_or(most));
  const auto used = number_in(group.folder / files.used);
  if (most == std::numeric_limits<uint64_t>::max() || !used) return;
  // Pages of files can be had at once, but for those that must be written first; so the kernel counts MemAvailable. A
  // tmpfs's and mlock's are on other lists.
  const uint64_t cached = sum_of(stat, files.cached);
  const uint64_t reclaimable = cached - std::min(cached, sum_of(stat, files.pending));
  const uint64_t held = *used - std::min(*used, reclaimable);
  memory.total_bytes = std::min(memory.total_bytes, most);
  memory.available_bytes = std::min(memory.available_bytes, most - std::min(most, held));
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
  if (const auto kib = number_in(root / "proc/meminfo", "MemTotal:")) memory.total_bytes = *kib << 10;
  if (const auto kib = number_in(root / "proc/meminfo", "MemAvailable:")) memory.available_bytes = *kib << 10;
  for (const ControlGroup& group : control_groups(root, "memory")) apply_group(group, memory);
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
