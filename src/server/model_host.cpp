#include "server/model_host.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>

#include "base/check.h"

namespace quire::server {

struct ModelHost::Entry {
  Entry(store::ModelFile of, const asio::any_io_executor& executor)
      : file(std::move(of)), loaded(executor), idle_timer(executor) {}

  const store::ModelFile file;
  std::unique_ptr<LoadedModel> model;  // null while it is being loaded, or when that failed
  std::optional<Error> error;          // why loading failed
  Signal loaded;
  asio::steady_timer idle_timer;
  int32_t uses = 0;  // leases, and those that wait for the load
  int64_t keep_alive_ns = 0;
  int64_t idle_since_ns = 0;
};

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
    : io_(io), loader_pool_(loader_pool), loader_(loader), clock_(clock), sink_(std::move(sink)), config_(config) {}

ModelHost::~ModelHost() = default;

asio::awaitable<Result<ModelHost::Lease>> ModelHost::acquire(store::ModelFile file) {
  const auto known = entries_.find(file.name);
  Entry* entry = known == entries_.end() ? nullptr : known->second.get();
  if (entry != nullptr && entry->model != nullptr) {
    ++entry->uses;
    entry->idle_timer.cancel();
    co_return Lease(*this, *entry);
  }

  if (entry != nullptr) {
    ++entry->uses;
    while (entry->model == nullptr && !entry->error) co_await entry->loaded.wait();
  } else {
    if (stopping_ || !make_room()) {
      co_return fail(ErrorKind::busy, "as many models as allowed are loaded, and all are in use");
    }
    entry = entries_.emplace(file.name, std::make_unique<Entry>(file, io_.get_executor())).first->second.get();
    entry->uses = 1;
    entry->keep_alive_ns = config_.keep_alive_ns;
    spdlog::info("loading {}", file.name);
    const int64_t begin_ns = clock_.now_ns();
    auto loaded = co_await on_pool(loader_pool_, [this, &file] { return loader_.load(file, sink_); });
    if (loaded) {
      entry->model = std::move(*loaded);
      spdlog::info("loaded {} in {:.2f} s", file.name, static_cast<double>(clock_.now_ns() - begin_ns) * 1e-9);
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

// Unloads the model that has been idle the longest when there is no room for one more. False: all are in use.
bool ModelHost::make_room() {
  if (entries_.size() < static_cast<size_t>(config_.models_max)) return true;
  const Entry* oldest = nullptr;
  for (const auto& [name, entry] : entries_) {
    if (entry->uses == 0 && (oldest == nullptr || entry->idle_since_ns < oldest->idle_since_ns)) oldest = entry.get();
  }
  if (oldest == nullptr) return false;
  unload(std::string(oldest->file.name));
  return true;
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
  // Stopping its engine may wait for a step: not here.
  asio::post(loader_pool_, [model = std::move(entry->second->model)]() mutable { model.reset(); });
  entries_.erase(entry);
}

void ModelHost::unload_all() {
  stopping_ = true;
  std::vector<std::string> idle;
  for (const auto& [name, entry] : entries_) {
    if (entry->uses == 0) idle.push_back(name);
  }
  for (const std::string& name : idle) unload(name);
}

std::vector<ModelHost::Running> ModelHost::running() const {
  std::vector<Running> result;
  for (const auto& [name, entry] : entries_) {
    if (entry->model == nullptr) continue;
    Running running{.file = entry->file,
                    .context_tokens = entry->model->context_tokens(),
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
