// The HTTP server: listens, accepts, and stops in an orderly way.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "server/http/connection_limits.h"
#include "server/models/loaded_model.h"
#include "server/models/machine_memory.h"
#include "server/settings.h"
#include "store/catalog.h"
#include "store/registry/surroundings.h"

namespace quire::server {

// One listening address, one io thread (the one that calls run), two intake threads, one that loads models and four
// for what is pulled, pushed and created.
class Server {
 public:
  struct Config {
    Settings settings;
    ConnectionLimits limits = {};
    std::vector<std::string> preload = {};  // names of models to load at start; they stay for ever
    bool needs_preloaded = false;           // until they are loaded /health says that they are not
    uint64_t seed = 0;                      // begins ids, and the seeds of requests that have none
    std::function<MachineMemory()> read_memory = [] { return read_machine_memory(); };
    // Those that have memory of their own.
    std::function<std::vector<DeviceStatus>()> read_devices = [] { return std::vector<DeviceStatus>(); };
    // What pulls and pushes take from the machine.
    std::function<Result<store::registry::Surroundings>()> registry = [] {
      return Result<store::registry::Surroundings>(fail(ErrorKind::unsupported, "this server has no registry"));
    };
    std::function<std::vector<int64_t>()> busy_ns = [] { return std::vector<int64_t>(); };  // of each worker
    int64_t watch_interval_ns = 1'000'000'000;  // between two looks at memory and models
    bool handles_signals = false;               // SIGINT and SIGTERM call stop()
  };

  // Binds and listens: clients may connect from now on. Borrows the loader and the clock. An error says which address
  // was tried and why it was refused; its kind is busy when somebody else listens there.
  static Result<std::unique_ptr<Server>> open(Config config, store::Catalog catalog, ModelLoader& loader,
                                              const Clock& clock);
  ~Server();

  // "127.0.0.1", and the port in use (the one that was chosen when 0 was asked for).
  std::string address() const;
  uint16_t port() const;

  // Serves until stop(). Once.
  void run();
  // Any thread, a signal's included. New requests are refused with 503, and so does /health answer; those that wait or
  // run may end within settings.drain_timeout_ns, then they are ended with an error. A second call does not wait.
  void stop();

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quire::server
