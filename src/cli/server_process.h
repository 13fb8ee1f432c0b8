// `quire serve` as a process of its own, watched from outside.
#pragma once

#include <sys/types.h>

#include <cstdint>
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
    std::vector<std::pair<std::string, std::string>> environment;  // beside this process's own
    std::string log_file;                                          // what it writes to standard error
    std::string program = "/proc/self/exe";
    int64_t start_timeout_ns = 60'000'000'000;
  };
  // Starts the program, which is this very one unless told otherwise, on a free port, and returns when it listens. An
  // error has its last words.
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
  ServerProcess(pid_t pid, std::string log_file) : pid_(pid), log_file_(std::move(log_file)) {}
  bool reap(int options);

  pid_t pid_;
  std::string log_file_;
  std::optional<int> status_;  // of waitpid, once it has ended
  load::HttpEndpoint endpoint_;
};

// Bytes of a process's memory that are in RAM; 0: the system does not say.
uint64_t resident_bytes(pid_t pid);

}  // namespace quire::cli
