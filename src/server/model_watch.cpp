// What ModelHost looks after once a second: memory, and what the log says of parallelism.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "server/model_entry.h"

namespace quire::server {
namespace {

KvMemory kv_memory_of(const LoadedModel& model, bool busy) {
  const SchedulerCounts counts = model.snapshot().scheduler;
  const uint64_t block_bytes = model.kv_block_bytes();
  return {.used_bytes = static_cast<uint64_t>(counts.blocks_held + counts.blocks_cached) * block_bytes,
          .limit_bytes = static_cast<uint64_t>(counts.block_limit) * block_bytes,
          .max_bytes = static_cast<uint64_t>(counts.blocks_total) * block_bytes,
          .busy = busy};
}

}  // namespace

void ModelHost::watch() {
  if (std::exchange(watching_, true)) return;
  watch_timer_.expires_after(std::chrono::nanoseconds(config_.watch_interval_ns));
  watch_timer_.async_wait([this](const boost::system::error_code& error) {
    watching_ = false;
    if (error || stopping_) return;
    follow_memory();
    for (const auto& [name, entry] : entries_) log_parallelism(*entry);
    if (!entries_.empty()) watch();
  });
}

void ModelHost::follow_memory() {
  std::vector<Entry*> loaded;
  std::vector<KvMemory> models;
  for (const auto& [name, entry] : entries_) {
    if (entry->model == nullptr) continue;
    loaded.push_back(entry.get());
    models.push_back(kv_memory_of(*entry->model, entry->uses > 0));
  }
  const auto planned = plan_kv_memory(models, config_.read_memory(), config_.memory_bound_bytes);
  for (size_t index = 0; planned && index < loaded.size(); ++index) {
    const uint64_t before = models[index].limit_bytes;
    const uint64_t after = (*planned)[index];
    if (before == after) continue;
    loaded[index]->model->set_kv_memory(after);
    const bool much = std::max(before, after) - std::min(before, after) >= models[index].max_bytes / 8;
    spdlog::log(much ? spdlog::level::info : spdlog::level::debug, "KV memory of {}: {} MiB instead of {}, {} in use",
                loaded[index]->file.name, after >> 20, before >> 20, models[index].used_bytes >> 20);
  }
}

// One line when the number of contexts has moved by a quarter and more than two, and at most one in ten seconds.
void ModelHost::log_parallelism(Entry& entry) {
  constexpr int64_t quiet_ns = 10'000'000'000;
  if (entry.model == nullptr) return;
  const ControllerView controller = entry.model->snapshot().controller;
  const int64_t now_ns = clock_.now_ns();
  const bool first = entry.logged_parallel < 0;
  const int32_t move = std::abs(controller.parallel - entry.logged_parallel);
  if (!first && (move <= std::max(2, entry.logged_parallel / 4) || now_ns - entry.logged_ns < quiet_ns)) return;
  if (!first) {
    spdlog::info("{}: {} contexts may run together instead of {}, of {} at most; gap target {:.1f} ms",
                 entry.file.name, controller.parallel, entry.logged_parallel, controller.parallel_max,
                 static_cast<double>(controller.target_gap_ns) * 1e-6);
  }
  entry.logged_parallel = controller.parallel;
  entry.logged_ns = first ? now_ns - quiet_ns : now_ns;
}

}  // namespace quire::server
