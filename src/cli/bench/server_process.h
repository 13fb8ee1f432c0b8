// `quire serve` as a process of its own, watched from outside.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "load/http_client.h"

namespace quire::cli {

// Dies with this process. One thread.
class ServerProcess {
 public:
  struct Options {
    std::string model;                                             // as `serve --model` takes it
    std::vector<std::string> arguments;                            // further ones of `serve`
    std::vector<std::pair<std::string, std::string>> environment;  // beside this process's own
    std::string log_file;                                          // what it writes; none: it is kept in memory
    std::string program = "/proc/self/exe";
  };
  static constexpr int64_t start_timeout_ns = 60'000'000'000;

  // Starts the program, which is this very one unless told otherwise, on a free port, and returns at once.
  static Result<ServerProcess> spawn(const Options& options);
  // Waits until it listens. An error: it did not within the timeout, with its last words, or `goes_on` said no.
  Result<void> listen(int64_t timeout_ns = start_timeout_ns, const std::function<bool()>& goes_on = {});
  // Both.
  static Result<ServerProcess> start(const Options& options);
  ServerProcess(ServerProcess&& other) noexcept;
  ServerProcess& operator=(ServerProcess&&) = delete;
  ~ServerProcess();  // kills it, if it still runs

  const load::HttpEndpoint& endpoint() const { return endpoint_; }
  pid_t pid() const { return pid_; }
  // How it ended, for people; none: it still runs after `patience_ns`. (A connection breaks a moment before its
  // process can be seen to have ended.)
  std::optional<std::string> ended(int64_t patience_ns = 0);
  // SIGTERM, and waits. An error: it did not exit in time, or not with status 0.
  Result<void> stop(int64_t timeout_ns);
  // The end of its log.
  std::string last_words() const;

 private:
  ServerProcess(pid_t pid, int log) : pid_(pid), log_(log) {}
  bool reap(int options);

  pid_t pid_;
  int log_ = -1;               // everything that it wrote
  std::optional<int> status_;  // of waitpid, once it has ended
  load::HttpEndpoint endpoint_;
};

}  // namespace quire::cli
