#include "server/models/model_host.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <new>

#include "base/check.h"
#include "metrics/counts.h"
#include "server/models/context_bytes.h"
#include "server/models/model_entry.h"

namespace quire::server {
namespace {

constexpr int64_t second_ns = 1'000'000'000;

// A reason is made of what cannot be had: where there is no memory for it either, a short one that needs none.
Error load_failure(const std::string& name, const char* why) {
  try {
    return {ErrorKind::internal, fmt::format("cannot load {}: {}", name, why)};
  } catch (const std::exception&) {
    return {ErrorKind::internal, "out of memory"};
  }
}

// What libraries and the system throw, a thread that cannot be had or memory, is an error as any other.
Result<std::unique_ptr<LoadedModel>> load_caught(ModelLoader& loader, const store::ModelFile& file,
                                                 const EventSink& sink, FunctionRef<bool()> keep_going) {
  try {
    return loader.load(file, sink, keep_going);
  } catch (const std::bad_alloc&) {
    return std::unexpected(load_failure(file.name, "not enough memory"));
  } catch (const std::exception& error) {
    return std::unexpected(load_failure(file.name, error.what()));
  }
}

}  // namespace

ModelHost::Lease& ModelHost::Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    release();
    host_ = std::exchange(other.host_, nullptr);
    entry_ = other.entry_;
    request_ = other.request_;
  }
  return *this;
}

LoadedModel& ModelHost::Lease::model() const {
  QUIRE_CHECK(host_ != nullptr, "a lease that was moved from has no model");
  return *entry_->model;
}

void ModelHost::Lease::keep_alive(int64_t ns) const { host_->seats_.keep_alive(entry_->id, ns); }

void ModelHost::Lease::release() {
  if (host_ != nullptr) std::exchange(host_, nullptr)->release(*entry_, request_);
}

ModelHost::Wait::Wait(ModelHost& host, const Demand& demand)
    : host_(host),
      entry_(host.entry_of(demand.file)),
      request_{host.next_request_++},
      band_(demand.band),
      arrived_ns_(demand.arrived_ns),
      news_(host.io_.get_executor()) {
  host.note_broken(entry_);
  host.waits_.emplace(request_, this);
  try {
    host.seats_.arrive({.request = request_,
                        .model = entry_.id,
                        .size_bytes = demand.file.size_bytes,  // the entry's may be of the file before
                        .keep_alive_ns = host.config_.keep_alive_ns,
                        .tokens = demand.tokens,
                        .band = demand.band,
                        .deadline_ns = demand.deadline_ns,
                        .queue_deadline_ns = demand.queue_deadline_ns},
                       host.clock_.now_ns());
  } catch (...) {
    host.waits_.erase(request_);
    throw;
  }
  host.settle();
}

ModelHost::Wait::~Wait() {
  cancel();
  if (admitted_) host_.release(entry_, request_);
}

void ModelHost::Wait::cancel() {
  if (host_.seats_.cancel(request_)) host_.settle();
}

asio::awaitable<std::expected<ModelHost::Lease, SeatEnd>> ModelHost::Wait::done() {
  while (!admitted_ && !end_) co_await news_.wait();
  if (end_) co_return std::unexpected(*end_);
  admitted_ = false;
  co_return Lease(host_, entry_, request_);
}

ModelHost::ModelHost(asio::io_context& io, asio::thread_pool& loader_pool, ModelLoader& loader, const Clock& clock,
                     EventSink sink, Config config)
    : io_(io),
      loader_pool_(loader_pool),
      loader_(loader),
      clock_(clock),
      sink_(std::move(sink)),
      config_(std::move(config)),
      look_timer_(io),
      watch_timer_(io),
      seats_(config_.seats) {}

ModelHost::~ModelHost() = default;

ModelHost::Entry& ModelHost::entry_of(const store::ModelFile& file) {
  const auto known = entries_.find(file.name);
  if (known != entries_.end()) {
    Entry& entry = *known->second;
    if (entry.file == file) return entry;
    if (seats_.state(entry.id) == SeatState::absent) {
      entry.file = file;
    } else {
      // Created anew, or another file: those who use it end with what they have, whoever comes now waits for the new
      // one.
      entry.next_file = file;
      if (entry.model != nullptr) seats_.broken(entry.id);
    }
    return entry;
  }
  by_id_.reserve(by_id_.size() + 1);
  const ModelId id{static_cast<uint32_t>(by_id_.size())};
  Entry& entry = *entries_.emplace(file.name, std::make_unique<Entry>(id, file)).first->second;
  by_id_.push_back(&entry);
  return entry;
}

void ModelHost::release(Entry& entry, SeatRequestId request) {
  note_broken(entry);
  seats_.release(request, clock_.now_ns());
  settle();
}

void ModelHost::note_broken(Entry& entry) {
  if (entry.model == nullptr) return;
  // When a use begins and when it ends, since a file that was shortened serves nobody: one fstat, a microsecond on a
  // local disk. It may wait where the file is on a server that does not answer; so would the engine's next step.
  // Nothing may be thrown here: without memory to say what is wrong the next one looks again.
  try {
    const Result<void> unchanged = entry.model->check_file();
    if (!unchanged) spdlog::warn("{} is to be loaded anew: {}", entry.file.name, unchanged.error().message);
    if (!unchanged) seats_.broken(entry.id);
  } catch (const std::bad_alloc&) {
  }
  const EngineSnapshot snapshot = entry.model->snapshot();
  if (!snapshot.broken) return;
  seats_.broken(entry.id);
  insist([&] { spdlog::error("{} is to be loaded anew: {}", entry.file.name, snapshot.why_broken); });
}

void ModelHost::unload_when_idle(const std::string& name) {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) return;
  seats_.keep_alive(entry->second->id, 0);
  settle();
}

void ModelHost::stop() {
  stopping_ = true;
  watch_timer_.cancel();
  seats_.stop();
  settle();
}

// Nothing here may throw: it is what happens at the end of everything. A load that cannot even begin has failed.
void ModelHost::settle() {
  for (bool again = true; again;) {
    again = false;
    const SeatMemory memory = seats_.asks_memory() ? seat_memory() : SeatMemory{};
    for (const SeatDecision& decision : seats_.decide(clock_.now_ns(), memory)) {
      if (!carry_out(decision)) again = true;
    }
    for (Entry* entry : by_id_) {
      const bool never_began = !entry->work && entry->outcome;  // in this order: with work it is the loader's thread's
      if (never_began) end_load(*entry);
    }
  }
  look_later();
}

// False: it was a load that could not begin.
bool ModelHost::carry_out(const SeatDecision& decision) {
  Entry& entry = *by_id_[decision.model.value];
  switch (decision.kind) {
    case SeatDecision::Kind::begin_load:
      begin_load(entry);
      return entry.work.has_value();
    case SeatDecision::Kind::begin_unload:
      begin_unload(entry);
      return true;
    case SeatDecision::Kind::admit:
    case SeatDecision::Kind::end:
      break;
  }
  const auto wait = waits_.find(decision.request);
  if (wait != waits_.end()) finish(*wait->second, decision);
  return true;
}

// Also tells the seats what the models that are there hold.
SeatMemory ModelHost::seat_memory() {
  for (Entry* entry : by_id_) {
    if (entry->model == nullptr) continue;
    // A model that guesses for it is no part of its file.
    const uint64_t weights = std::max(entry->file.size_bytes, entry->model->memory().weights_bytes);
    seats_.holds(entry->id, weights + bytes_of_contexts(*entry->model).used());
  }
  try {
    const MachineMemory memory = config_.read_memory();
    last_memory_ = {.available_bytes = memory.available_bytes, .reserve_bytes = memory_reserve(memory.total_bytes)};
    // A model may lie on devices, on the machine, or on both.
    for (const DeviceStatus& device : config_.read_devices()) last_memory_.available_bytes += device.free_bytes;
  } catch (const std::exception& error) {
    spdlog::warn("cannot see how much memory there is: {}", error.what());
  }
  return last_memory_;
}

void ModelHost::finish(Wait& wait, const SeatDecision& decision) {
  wait.waited_ns_ = clock_.now_ns() - wait.arrived_ns_;
  wait.admitted_ = decision.kind == SeatDecision::Kind::admit;
  if (!wait.admitted_) wait.end_ = decision.reason;
  waits_.erase(wait.request_);
  wait.news_.wake();
  if (wait.admitted_) return;

  insist([&] {
    if (decision.reason == SeatEnd::failed) wait.error_ = wait.entry_.load_error;
    if (decision.reason == SeatEnd::no_memory) {
      wait.error_ = {ErrorKind::internal,
                     fmt::format("model requires more system memory ({} MiB) than is available ({} MiB)",
                                 seat_bytes(wait.entry_.file.size_bytes) >> 20, last_memory_.available_bytes >> 20)};
    }
  });
  const bool in_time = decision.reason == SeatEnd::deadline || decision.reason == SeatEnd::queue_timeout;
  if (!in_time && decision.reason != SeatEnd::cancelled) return;
  EngineTotals& totals = wait.entry_.retired;
  ++totals.submitted[wait.band_];
  ++totals.finished[static_cast<size_t>(in_time ? FinishReason::deadline : FinishReason::cancelled)];
  totals.queue_time[wait.band_].observe(wait.waited_ns_);
  totals.request_time.observe(wait.waited_ns_);
  totals.prompt_lengths.observe(0);  // not known: the tokenizer is the model's
  totals.answer_lengths.observe(0);
}

void ModelHost::begin_load(Entry& entry) {
  if (entry.next_file) entry.file = *std::exchange(entry.next_file, std::nullopt);
  spdlog::info("loading {}", entry.file.name);
  entry.load_began_ns = clock_.now_ns();
  entry.outcome.reset();
  try {
    asio::post(loader_pool_, [this, &entry] {
      entry.outcome.emplace(load_caught(loader_, entry.file, sink_, [this] { return !stopping_; }));
      post_surely(io_, [this, &entry] { end_load(entry); });
    });
    entry.work.emplace(io_.get_executor());
  } catch (const std::exception& error) {
    entry.outcome.emplace(std::unexpected(load_failure(entry.file.name, error.what())));
  }
}

void ModelHost::end_load(Entry& entry) {
  Result<std::unique_ptr<LoadedModel>> outcome = std::move(*entry.outcome);
  entry.outcome.reset();
  const bool from_loader = entry.work.has_value();
  entry.work.reset();
  const int64_t now_ns = clock_.now_ns();
  if (outcome) {
    entry.model = std::move(*outcome);
    spdlog::info("loaded {} in {:.2f} s", entry.file.name, static_cast<double>(now_ns - entry.load_began_ns) * 1e-9);
  } else {
    entry.load_error = std::move(outcome).error();
    spdlog::log(stopping_ ? spdlog::level::info : spdlog::level::err, "{}", entry.load_error.message);
  }
  seats_.load_finished(entry.id, entry.model != nullptr, now_ns);
  if (!from_loader) return;  // settle is at work
  settle();
  if (entry.model == nullptr || stopping_) return;
  try {
    follow_memory();
  } catch (const std::exception& error) {
    spdlog::warn("KV memory is not dealt out anew: {}", error.what());
  }
  watch();
}

// Stopping its engine may wait for a step: not here. What it counts until then is not lost.
void ModelHost::begin_unload(Entry& entry) {
  spdlog::info("unloading {}", entry.file.name);
  entry.leaving_totals = entry.model->snapshot().totals;
  entry.leaving = std::move(entry.model);
  entry.work.emplace(io_.get_executor());
  post_surely(loader_pool_, [this, &entry] {
    entry.leaving->stop();
    entry.final_totals = entry.leaving->snapshot().totals;
    entry.leaving.reset();
    post_surely(io_, [this, &entry] { end_unload(entry); });
  });
}

void ModelHost::end_unload(Entry& entry) {
  entry.work.reset();
  add_counts(entry.retired, entry.final_totals);
  entry.leaving_totals = {};
  seats_.unload_finished(entry.id);
  settle();
}

void ModelHost::look_later() {
  const int64_t next_ns = seats_.next_look_ns();
  if (next_ns < 0) {
    look_timer_.cancel();
    return;
  }
  // Longer than a year is for ever to a timer, whose clock would overflow.
  constexpr int64_t year_ns = int64_t{365} * 24 * 3600 * second_ns;
  const int64_t wait_ns = std::clamp<int64_t>(next_ns - clock_.now_ns(), 0, year_ns);
  insist([&] {
    look_timer_.expires_after(std::chrono::nanoseconds(wait_ns));
    look_timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) settle();
    });
  });
}

std::vector<ModelHost::Counted> ModelHost::counted() const {
  std::vector<Counted> result;
  for (const auto& [name, entry] : entries_) {
    Counted counted{.name = name, .totals = entry->retired, .waiting = 0, .now = std::nullopt};
    add_counts(counted.totals, entry->leaving_totals);
    for (const auto& [request, wait] : waits_) counted.waiting += &wait->entry_ == entry.get() ? 1 : 0;
    if (entry->model != nullptr) {
      counted.now = Counted::Now{.snapshot = entry->model->snapshot(),
                                 .stages = entry->model->stages(),
                                 .context_tokens = entry->model->context_tokens(),
                                 .kv_block_tokens = entry->model->kv_block_tokens(),
                                 .kv_type = entry->model->kv_type()};
      add_counts(counted.totals, counted.now->snapshot.totals);
    }
    result.push_back(std::move(counted));
  }
  return result;
}

int32_t ModelHost::loading_count() const {
  return static_cast<int32_t>(
      std::ranges::count_if(by_id_, [&](const Entry* entry) { return seats_.state(entry->id) == SeatState::loading; }));
}

bool ModelHost::any_model() const {
  return std::ranges::any_of(by_id_, [](const Entry* entry) { return entry->model != nullptr; });
}

int64_t ModelHost::retry_after_s() const {
  return std::clamp<int64_t>((seats_.load_ns() + second_ns - 1) / second_ns, 1, 600);
}

std::vector<ModelHost::Running> ModelHost::running() const {
  std::vector<Running> result;
  for (const auto& [name, entry] : entries_) {
    if (entry->model == nullptr) continue;
    Running running{.file = entry->file,
                    .context_tokens = entry->model->context_tokens(),
                    .context_memory = entry->model->context_memory(),
                    .kv_type = entry->model->kv_type(),
                    .stages = entry->model->stages(),
                    .snapshot = entry->model->snapshot(),
                    .expires_in_ns = std::nullopt};
    const SeatView seat = seats_.view(entry->id);
    if (seat.keep_alive_ns >= 0) {
      const int64_t idle_ns = seat.uses > 0 ? 0 : clock_.now_ns() - seat.idle_since_ns;
      running.expires_in_ns = std::max<int64_t>(0, seat.keep_alive_ns - idle_ns);
    }
    result.push_back(std::move(running));
  }
  return result;
}

}  // namespace quire::server
