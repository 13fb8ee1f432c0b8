// A request's body on its way from the socket.
#pragma once

#include <optional>
#include <string>

#include "server/asio.h"

namespace quire::server {

// Why a request could not be read.
struct ReadFailure {
  int status = 0;  // 0: there is nobody to tell
  std::string message = {};
};

// The io thread only.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // Nothing of it is left to read.
  virtual bool done() const = 0;
  // Appends some more of it to `out`, at least a byte unless it is done then. Waits for the client.
  virtual asio::awaitable<std::optional<ReadFailure>> read_some(std::string& out) = 0;
};

}  // namespace quire::server
