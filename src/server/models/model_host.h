// The models in memory: what Seats decides is done here.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/context_memory.h"
#include "sched/seats.h"
#include "server/asio.h"
#include "server/models/loaded_model.h"
#include "server/models/machine_memory.h"
#include "server/observe/event_log.h"

namespace quire::server {

// Decides nothing: who is admitted to which model, what is loaded and what goes says Seats. The models' KV shares the
// machine's memory: see plan_kv_memory. The io thread only; models are made and destroyed on the loader's thread.
// Invariants: a model that is in use is never unloaded; a file is loaded once, however many wait for it; whatever fails
// while a model loads ends those who wait for it with the reason, and the next request tries anew.
class ModelHost {
  struct Entry;

 public:
  struct Config {
    const EventLog& log;
    SeatLimits seats;
    int64_t keep_alive_ns = 0;        // negative: for ever
    uint64_t memory_bound_bytes = 0;  // for the KV of all models; 0: what there is
    std::function<MachineMemory()> read_memory;
    std::function<std::vector<DeviceStatus>()> read_devices = [] { return std::vector<DeviceStatus>(); };
    int64_t watch_interval_ns = 1'000'000'000;
  };

  // A model in use: it stays in memory as long as the lease lives. Movable.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&& other) noexcept
        : host_(std::exchange(other.host_, nullptr)), entry_(other.entry_), request_(other.request_) {}
    Lease& operator=(Lease&& other) noexcept;
    ~Lease() { release(); }

    LoadedModel& model() const;
    // How long the model stays after its last use; negative: for ever, 0: it goes when it is idle.
    void keep_alive(int64_t ns) const;

   private:
    friend class ModelHost;
    Lease(ModelHost& host, Entry& entry, SeatRequestId request) : host_(&host), entry_(&entry), request_(request) {}
    void release();
    ModelHost* host_ = nullptr;
    Entry* entry_ = nullptr;
    SeatRequestId request_;
  };

  // What a request wants a model for. Times are of the host's clock; -1: none.
  struct Demand {
    store::ModelFile file;
    int64_t tokens = 0;  // of its prompt, about
    uint8_t band = 3;
    int64_t arrived_ns = 0;
    int64_t deadline_ns = -1;
    int64_t queue_deadline_ns = -1;
  };

  // A request on its way to a model. The host must outlive it.
  class Wait {
   public:
    Wait(ModelHost& host, const Demand& demand);
    ~Wait();
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

    SeatRequestId request() const { return request_; }
    // Ends it, if it still waits.
    void cancel();
    // Until the model may be used, or why it may not be. Once.
    asio::awaitable<std::expected<Lease, SeatEnd>> done();
    // SeatEnd::failed, no_memory: what people are told.
    const Error& error() const { return error_; }
    int64_t waited_ns() const { return waited_ns_; }  // from its arrival to its end or admission

   private:
    friend class ModelHost;
    ModelHost& host_;
    Entry& entry_;
    const SeatRequestId request_;
    const uint8_t band_;
    const int64_t arrived_ns_;
    Signal news_;
    std::optional<SeatEnd> end_;
    bool admitted_ = false;  // and not handed out as a lease
    Error error_;
    int64_t waited_ns_ = 0;
  };

  struct Running {
    store::ModelFile file;
    int32_t context_tokens = 0;
    ContextMemory context_memory;
    std::string_view kv_type;
    std::vector<ModelStage> stages;
    EngineSnapshot snapshot;
    std::optional<int64_t> expires_in_ns;  // none: stays for ever; of a model in use: counted as if that ended now
  };

  // What a model of one name has counted in this process, whether it is loaded or not, and what it is now if it is.
  struct Counted {
    struct Now {
      EngineSnapshot snapshot;
      std::vector<ModelStage> stages;
      int32_t context_tokens = 0;
      int32_t kv_block_tokens = 0;
      std::string_view kv_type;
    };
    std::string name;
    EngineTotals totals;  // of all its engines together: no number goes back when a model is unloaded
    int32_t waiting = 0;  // requests that wait for the model
    std::optional<Now> now;
  };

  // Borrows everything for its life. `sink` is called on the engines' threads.
  ModelHost(asio::io_context& io, asio::thread_pool& loader_pool, ModelLoader& loader, const Clock& clock,
            EventSink sink, Config config);
  ~ModelHost();

  std::vector<Running> running() const;
  // Of every model that was ever loaded, or is waited for, by name.
  std::vector<Counted> counted() const;
  int32_t loading_count() const;
  // Who waits for a model, in the order in which they get their turn.
  std::vector<SeatWait> line() const { return seats_.line(clock_.now_ns()); }
  // Seconds after which one that is refused may come back: until another model can have been loaded.
  int64_t retry_after_s() const;
  // The model of this name goes as soon as it is idle. It need not be there.
  void unload_when_idle(const std::string& name);
  // Ends all who wait, refuses who comes, and unloads every model that is not in use; those in use go when they are. A
  // load that goes on is given up.
  void stop();

 private:
  Entry& entry_of(const store::ModelFile& file);
  void release(Entry& entry, SeatRequestId request);
  // Does what follows from what has happened.
  void settle();
  bool carry_out(const SeatDecision& decision);
  SeatMemory seat_memory();
  void begin_load(Entry& entry);
  void end_load(Entry& entry);
  void begin_unload(Entry& entry);
  void end_unload(Entry& entry);
  void finish(Wait& wait, const SeatDecision& decision);
  void note_broken(Entry& entry);
  void look_later();
  bool any_model() const;
  // Looks after the models from now on, once an interval, as long as there are any.
  void watch();
  void look_after_models();
  // Gives each model the KV memory that is its own now.
  void follow_memory();
  void log_parallelism(Entry& entry);
  void log_slow_steps(Entry& entry);

  asio::io_context& io_;
  asio::thread_pool& loader_pool_;
  ModelLoader& loader_;
  const Clock& clock_;
  const EventSink sink_;
  const Config config_;
  asio::steady_timer look_timer_;
  asio::steady_timer watch_timer_;
  bool watching_ = false;
  std::atomic<bool> stopping_ = false;  // written by the io thread, read by the loader's too; orders nothing else
  Seats seats_;
  SeatMemory last_memory_{.available_bytes = UINT64_MAX / 4};  // as it was when it could last be read
  std::map<std::string, std::unique_ptr<Entry>> entries_;      // by the model's name
  std::vector<Entry*> by_id_;
  std::map<SeatRequestId, Wait*> waits_;  // that have neither been admitted nor ended
  uint64_t next_request_ = 0;
};

}  // namespace quire::server
