// What ModelHost looks after once a second: memory, and what the log says of parallelism.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>

#include "server/models/context_bytes.h"
#include "server/models/model_entry.h"

namespace quire::server {
namespace {

KvMemory kv_memory_of(const LoadedModel& model, bool busy) {
  const api::ContextBytes bytes = host_bytes_of_contexts(model);
  return {.used_bytes = bytes.used(), .limit_bytes = bytes.limit, .max_bytes = bytes.total, .busy = busy};
}

}  // namespace

void ModelHost::watch() {
  if (std::exchange(watching_, true)) return;
  insist([&] {
    watch_timer_.expires_after(std::chrono::nanoseconds(config_.watch_interval_ns));
    watch_timer_.async_wait([this](const boost::system::error_code& error) {
      watching_ = false;
      if (error || stopping_) return;
      try {
        look_after_models();
      } catch (const std::exception& failure) {
        spdlog::warn("the models could not be looked after: {}", failure.what());
      }
      if (any_model()) watch();
    });
  });
}

void ModelHost::look_after_models() {
  follow_memory();
  for (Entry* entry : by_id_) {
    log_parallelism(*entry);
    log_slow_steps(*entry);
    note_broken(*entry);
  }
  settle();
}

void ModelHost::follow_memory() {
  std::vector<Entry*> loaded;
  std::vector<KvMemory> models;
  for (const auto& [name, entry] : entries_) {
    if (entry->model == nullptr) continue;
    loaded.push_back(entry.get());
    models.push_back(kv_memory_of(*entry->model, seats_.view(entry->id).uses > 0));
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
    spdlog::info("{}: {} contexts may run together instead of {}, of {} at most; gap target {:.1f} ms", entry.file.name,
                 controller.parallel, entry.logged_parallel, controller.parallel_max,
                 static_cast<double>(controller.target_gap_ns) * 1e-6);
  }
  entry.logged_parallel = controller.parallel;
  entry.logged_ns = first ? now_ns - quiet_ns : now_ns;
}

// One line for the slow steps of ten seconds: the last of them, and what else there was that may have made it so.
void ModelHost::log_slow_steps(Entry& entry) {
  constexpr int64_t quiet_ns = 10'000'000'000;
  if (entry.model == nullptr) return;
  const EngineSnapshot snapshot = entry.model->snapshot();
  const EngineTotals before = std::exchange(entry.seen, snapshot.totals);
  const int64_t now_ns = clock_.now_ns();
  const int64_t slow_steps = snapshot.totals.slow_steps - entry.slow_steps_logged;
  if (slow_steps == 0 || (entry.slow_step_ns && now_ns - *entry.slow_step_ns < quiet_ns)) return;
  entry.slow_steps_logged = snapshot.totals.slow_steps;
  entry.slow_step_ns = now_ns;

  const int64_t evicted = snapshot.totals.evicted_blocks - before.evicted_blocks;
  const int64_t recomputed = snapshot.totals.recomputed_tokens - before.recomputed_tokens;
  const MachineMemory memory = config_.read_memory();
  const int32_t loading = loading_count();
  const bool memory_is_short = memory.available_bytes < memory_reserve(memory.total_bytes);
  LogEvent event("slow_step");
  event.text("model", entry.file.name).milliseconds("step_ms", snapshot.slow_step.step_ns);
  event.milliseconds("expected_ms", snapshot.slow_step.expected_ns);
  event.number("streams", snapshot.slow_step.streams).number("prompt_rows", snapshot.slow_step.prompt_rows);
  event.text("perhaps", loading > 0                ? "a model was being loaded"
                        : memory_is_short          ? "memory is short"
                        : evicted + recomputed > 0 ? "KV memory is short"
                                                   : "something else had the cores");
  event.number("waiting", snapshot.scheduler.waiting).number("running", snapshot.scheduler.running);
  event.number("parked", snapshot.scheduler.parked).number("models_loading", loading);
  event.number("evicted_blocks", evicted).number("recomputed_tokens", recomputed);
  event.number("memory_available_mib", static_cast<int64_t>(memory.available_bytes >> 20));
  event.number("slow_steps", slow_steps);
  config_.log.write(spdlog::level::warn, event);
}

}  // namespace quire::server
