#include "server/models/model_host.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>

#include "base/check.h"
#include "metrics/counts.h"
#include "server/models/model_entry.h"

namespace quire::server {

ModelHost::Lease::Lease(ModelHost& host, Entry& entry) : host_(&host), entry_(&entry) {}

ModelHost::Lease& ModelHost::Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    release();
    host_ = std::exchange(other.host_, nullptr);
    entry_ = other.entry_;
  }
  return *this;
}

LoadedModel& ModelHost::Lease::model() const {
  QUIRE_CHECK(host_ != nullptr, "a lease that was moved from has no model");
  return *entry_->model;
}

void ModelHost::Lease::keep_alive(int64_t ns) const { entry_->keep_alive_ns = ns; }

void ModelHost::Lease::release() {
  if (host_ != nullptr) std::exchange(host_, nullptr)->release(*entry_);
}

ModelHost::ModelHost(asio::io_context& io, asio::thread_pool& loader_pool, ModelLoader& loader, const Clock& clock,
                     EventSink sink, Config config)
    : io_(io),
      loader_pool_(loader_pool),
      loader_(loader),
      clock_(clock),
      sink_(std::move(sink)),
      config_(std::move(config)),
      watch_timer_(io) {}

ModelHost::~ModelHost() = default;

asio::awaitable<Result<ModelHost::Lease>> ModelHost::acquire(store::ModelFile file) {
  const auto known = entries_.find(file.name);
  Entry* entry = known == entries_.end() ? nullptr : known->second.get();
  if (entry != nullptr && entry->model != nullptr) {
    const Result<void> unchanged = entry->model->check_file();
    if (entry->uses == 0 && (!unchanged || entry->file != file)) {
      spdlog::info("{} has changed since it was loaded", file.name);
      unload(std::string(entry->file.name));
      entry = nullptr;
    } else if (!unchanged) {
      // Those who use it now end with their next step; then it can be loaded anew.
      co_return std::unexpected(unchanged.error());
    }
  }
  if (entry != nullptr && entry->model != nullptr) {
    ++entry->uses;
    entry->idle_timer.cancel();
    co_return Lease(*this, *entry);
  }

  if (entry != nullptr) {
    ++entry->uses;
    while (entry->model == nullptr && !entry->error) co_await entry->loaded.wait();
  } else {
    const Result<void> room = make_room(file);
    if (!room) co_return std::unexpected(room.error());
    entry = entries_.emplace(file.name, std::make_unique<Entry>(file, io_.get_executor())).first->second.get();
    entry->uses = 1;
    entry->keep_alive_ns = config_.keep_alive_ns;
    spdlog::info("loading {}", file.name);
    const int64_t begin_ns = clock_.now_ns();
    auto loaded = co_await on_pool(loader_pool_, [this, &file] { return loader_.load(file, sink_); });
    if (loaded) {
      entry->model = std::move(*loaded);
      spdlog::info("loaded {} in {:.2f} s", file.name, static_cast<double>(clock_.now_ns() - begin_ns) * 1e-9);
      if (!stopping_) {
        follow_memory();
        watch();
      }
    } else {
      entry->error = loaded.error();
      spdlog::error("cannot load {}: {}", file.name, loaded.error().message);
    }
    entry->loaded.wake();
  }

  if (entry->model != nullptr) co_return Lease(*this, *entry);
  const Error error = *entry->error;
  if (--entry->uses == 0) entries_.erase(entry->file.name);
  co_return std::unexpected(error);
}

// Unloads models that are idle, those that have been so the longest first, until there is room for one more: in number,
// and in memory for its weights and for contexts of an eighth of their size, with which it can begin.
Result<void> ModelHost::make_room(const store::ModelFile& file) {
  const MachineMemory memory = config_.read_memory();
  const uint64_t needed = file.size_bytes + file.size_bytes / 8;
  uint64_t free_bytes = memory.available_bytes - std::min(memory.available_bytes, memory_reserve(memory.total_bytes));
  const auto too_many = [&] { return stopping_ || entries_.size() >= static_cast<size_t>(config_.models_max); };
  while (too_many() || needed > free_bytes) {
    Entry* oldest = longest_idle();
    if (oldest == nullptr) break;
    const SchedulerCounts counts = oldest->model->snapshot().scheduler;
    free_bytes += oldest->file.size_bytes +
                  static_cast<uint64_t>(counts.blocks_held + counts.blocks_cached) * oldest->model->kv_block_bytes();
    unload(std::string(oldest->file.name));
  }
  if (too_many()) return fail(ErrorKind::busy, "as many models as allowed are loaded, and all are in use");
  if (needed <= free_bytes) return {};
  if (!entries_.empty()) return fail(ErrorKind::busy, "the models that are in use leave too little memory");
  if (needed <= memory.available_bytes) return {};  // the only one may take the reserve
  return fail(ErrorKind::internal, fmt::format("model requires more system memory ({} MiB) than is available ({} MiB)",
                                               needed >> 20, memory.available_bytes >> 20));
}

// Null: all are in use.
ModelHost::Entry* ModelHost::longest_idle() const {
  Entry* oldest = nullptr;
  for (const auto& [name, entry] : entries_) {
    if (entry->uses == 0 && (oldest == nullptr || entry->idle_since_ns < oldest->idle_since_ns)) oldest = entry.get();
  }
  return oldest;
}

void ModelHost::release(Entry& entry) {
  QUIRE_CHECK(entry.uses > 0, "a lease is given back once");
  if (--entry.uses > 0) return;
  entry.idle_since_ns = clock_.now_ns();
  if (entry.keep_alive_ns == 0 || stopping_) {
    unload(std::string(entry.file.name));
  } else if (entry.keep_alive_ns > 0) {
    start_keep_alive(entry);
  }
}

void ModelHost::start_keep_alive(Entry& entry) {
  // Longer than a year is for ever to a timer, whose clock would overflow.
  constexpr int64_t year_ns = int64_t{365} * 24 * 3600 * 1'000'000'000;
  entry.idle_timer.expires_after(std::chrono::nanoseconds(std::min(entry.keep_alive_ns, year_ns)));
  entry.idle_timer.async_wait([this, name = entry.file.name](const boost::system::error_code& error) {
    if (!error) expire(name);
  });
}

// The timer may have fired just before the model was used again, so it is asked whether it is still idle.
void ModelHost::expire(const std::string& name) {
  const auto entry = entries_.find(name);
  if (entry == entries_.end() || entry->second->uses > 0) return;
  if (clock_.now_ns() - entry->second->idle_since_ns >= entry->second->keep_alive_ns) unload(name);
}

void ModelHost::unload(const std::string& name) {
  const auto entry = entries_.find(name);
  QUIRE_CHECK(entry != entries_.end() && entry->second->uses == 0, "only an idle model is unloaded");
  spdlog::info("unloading {}", name);
  const uint64_t leaving = next_leaving_++;
  leaving_.emplace(leaving, Leaving{.name = name, .totals = entry->second->model->snapshot().totals});
  // Stopping its engine may wait for a step: not here. What it counts until then is not lost.
  asio::post(loader_pool_, [this, leaving, model = std::move(entry->second->model)]() mutable {
    model->stop();
    asio::post(io_, [this, leaving, totals = model->snapshot().totals] { retire(leaving, totals); });
    model.reset();
  });
  entries_.erase(entry);
}

void ModelHost::retire(uint64_t leaving, const EngineTotals& totals) {
  const auto gone = leaving_.find(leaving);
  add_counts(retired_[gone->second.name], totals);
  leaving_.erase(gone);
}

void ModelHost::unload_all() {
  stopping_ = true;
  watch_timer_.cancel();
  std::vector<std::string> idle;
  for (const auto& [name, entry] : entries_) {
    if (entry->uses == 0) idle.push_back(name);
  }
  for (const std::string& name : idle) unload(name);
}

std::vector<ModelHost::Counted> ModelHost::counted() const {
  std::map<std::string, Counted> models;
  for (const auto& [name, totals] : retired_) add_counts(models[name].totals, totals);
  for (const auto& [number, leaving] : leaving_) add_counts(models[leaving.name].totals, leaving.totals);
  for (const auto& [name, entry] : entries_) {
    if (entry->model == nullptr) continue;
    Counted& counted = models[name];
    counted.now = Counted::Now{.snapshot = entry->model->snapshot(),
                               .memory = entry->model->memory(),
                               .kv_block_bytes = entry->model->kv_block_bytes(),
                               .kv_block_tokens = entry->model->kv_block_tokens(),
                               .kv_type = entry->model->kv_type()};
    add_counts(counted.totals, counted.now->snapshot.totals);
  }
  std::vector<Counted> result;
  for (auto& [name, counted] : models) {
    counted.name = name;
    result.push_back(std::move(counted));
  }
  return result;
}

int32_t ModelHost::loading_count() const {
  return static_cast<int32_t>(std::ranges::count_if(
      entries_, [](const auto& entry) { return entry.second->model == nullptr && !entry.second->error; }));
}

std::vector<ModelHost::Running> ModelHost::running() const {
  std::vector<Running> result;
  for (const auto& [name, entry] : entries_) {
    if (entry->model == nullptr) continue;
    Running running{.file = entry->file,
                    .context_tokens = entry->model->context_tokens(),
                    .kv_block_bytes = entry->model->kv_block_bytes(),
                    .kv_type = entry->model->kv_type(),
                    .snapshot = entry->model->snapshot(),
                    .expires_in_ns = std::nullopt};
    if (entry->keep_alive_ns >= 0) {
      const int64_t idle_ns = entry->uses > 0 ? 0 : clock_.now_ns() - entry->idle_since_ns;
      running.expires_in_ns = std::max<int64_t>(0, entry->keep_alive_ns - idle_ns);
    }
    result.push_back(std::move(running));
  }
  return result;
}

}  // namespace quire::server
