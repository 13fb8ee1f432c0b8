// Which models are in memory, who uses them, and when they go.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "server/asio.h"
#include "server/models/loaded_model.h"
#include "server/models/machine_memory.h"
#include "server/observe/event_log.h"

namespace quire::server {

// The io thread only; models are made and destroyed on the loader's thread.
// Invariants: a model that is in use is never unloaded; a file is loaded once, however many wait for it; at most
// models_max are loaded or being loaded. Their KV shares the machine's memory: see plan_kv_memory.
class ModelHost {
  struct Entry;

 public:
  struct Config {
    const EventLog& log;
    int32_t models_max = 3;
    int64_t keep_alive_ns = 0;        // negative: for ever
    uint64_t memory_bound_bytes = 0;  // for the KV of all models; 0: what there is
    std::function<MachineMemory()> read_memory;
    int64_t watch_interval_ns = 1'000'000'000;
  };

  // A model in use: it stays in memory as long as the lease lives. Movable.
  class Lease {
   public:
    Lease() = default;
    Lease(ModelHost& host, Entry& entry);
    Lease(Lease&& other) noexcept : host_(std::exchange(other.host_, nullptr)), entry_(other.entry_) {}
    Lease& operator=(Lease&& other) noexcept;
    ~Lease() { release(); }

    LoadedModel& model() const;
    // How long the model stays after its last use; negative: for ever, 0: it goes when it is idle.
    void keep_alive(int64_t ns) const;

   private:
    void release();
    ModelHost* host_ = nullptr;
    Entry* entry_ = nullptr;
  };

  struct Running {
    store::ModelFile file;
    int32_t context_tokens = 0;
    uint64_t kv_block_bytes = 0;
    std::string_view kv_type;
    EngineSnapshot snapshot;
    std::optional<int64_t> expires_in_ns;  // none: stays for ever; of a model in use: counted as if that ended now
  };

  // What a model of one name has counted in this process, whether it is loaded or not, and what it is now if it is.
  struct Counted {
    struct Now {
      EngineSnapshot snapshot;
      ModelMemory memory;
      uint64_t kv_block_bytes = 0;
      int32_t kv_block_tokens = 0;
      std::string_view kv_type;
    };
    std::string name;
    EngineTotals totals;  // of all its engines together: no number goes back when a model is unloaded
    std::optional<Now> now;
  };

  // Borrows everything for its life. `sink` is called on the engines' threads.
  ModelHost(asio::io_context& io, asio::thread_pool& loader_pool, ModelLoader& loader, const Clock& clock,
            EventSink sink, Config config);
  ~ModelHost();

  // Waits for loading. busy: as many models as allowed, or as memory has room for, are loaded and all are in use.
  asio::awaitable<Result<Lease>> acquire(store::ModelFile file);
  std::vector<Running> running() const;
  // Of every model that was ever loaded, by name.
  std::vector<Counted> counted() const;
  int32_t loading_count() const;
  // Starts the unloading of every model that is not in use; those in use go when they are idle.
  void unload_all();

 private:
  void release(Entry& entry);
  void start_keep_alive(Entry& entry);
  void expire(const std::string& name);
  void unload(const std::string& name);
  void retire(uint64_t leaving, const EngineTotals& totals);
  Result<void> make_room(const store::ModelFile& file);
  Entry* longest_idle() const;
  // Looks after the models from now on, once an interval, as long as there are any.
  void watch();
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
  asio::steady_timer watch_timer_;
  bool watching_ = false;
  bool stopping_ = false;
  std::map<std::string, std::unique_ptr<Entry>> entries_;  // by the model's name

  // What the engines that are gone have counted, by the model's name. One that is stopping stands in leaving_ with what
  // it had counted when it was told so, until the rest is known.
  struct Leaving {
    std::string name;
    EngineTotals totals;
  };
  std::map<std::string, EngineTotals> retired_;
  std::map<uint64_t, Leaving> leaving_;
  uint64_t next_leaving_ = 0;
};

}  // namespace quire::server
