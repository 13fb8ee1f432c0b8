// A server inside this process: what `quire serve`, `quire demo` and `quire run FILE.gguf` start.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "load/http_client.h"
#include "model/kv_type.h"
#include "server/observe/log_format.h"

namespace quire::cli {

struct LocalServerOptions {
  std::vector<std::string> models;  // GGUF files, or NAME=FILE.gguf
  std::optional<std::string> host;  // absent: the environment's
  std::optional<uint16_t> port;     // absent: the environment's; 0: any that is free
  std::optional<int32_t> threads;
  std::optional<int64_t> drain_timeout_ns;      // for answers that are running when it stops; absent: the environment's
  std::optional<server::LogFormat> log_format;  // absent: the environment's
  std::optional<int32_t> context_tokens;        // absent: the environment's; 0: the model's own
  std::optional<int32_t> parallel_max;          // absent: the environment's; 0: no cap
  std::optional<KvType> kv_type;                // absent: the environment's
  std::optional<int32_t> shift_keep;            // as Settings has it
  std::optional<std::string> draft;             // absent: the environment's; as QUIRE_DRAFT
  bool serves_given_only = false;  // `models`, and not those of the folders; it is not healthy without them
  bool handles_signals = false;    // SIGINT and SIGTERM make it stop, a second one at once
};

// Serves from its own threads until it is destroyed; running requests are cancelled then.
class LocalServer {
 public:
  // An error of kind busy: the port is taken.
  static Result<LocalServer> start(const LocalServerOptions& options);
  LocalServer(LocalServer&&) noexcept;
  LocalServer& operator=(LocalServer&&) noexcept;
  ~LocalServer();

  const load::HttpEndpoint& endpoint() const { return endpoint_; }
  // "http://127.0.0.1:11434": for a client of this machine.
  std::string url() const;
  // "0.0.0.0:11434": the address it was given, which need not be one that a client can connect to.
  std::string listens_on() const;
  // Until it has stopped, which takes a signal.
  void wait();

 private:
  struct Parts;
  LocalServer(std::unique_ptr<Parts> parts, load::HttpEndpoint endpoint);
  std::unique_ptr<Parts> parts_;
  load::HttpEndpoint endpoint_;
};

// The name under which a server knows a model that was given to it as FILE.gguf or NAME=FILE.gguf.
std::string model_name_of(const std::string& spec);

}  // namespace quire::cli
