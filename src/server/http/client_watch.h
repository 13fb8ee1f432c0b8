// Notices that a client leaves while its request is worked on.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <cstddef>
#include <functional>
#include <memory>

#include "server/asio.h"

namespace quire::server {

// From construction to stop() nobody else may read the socket. What the client sends meanwhile belongs to its next
// requests and goes into the buffer; when that is more than is kept, its leaving shows in a failing write only. Where
// there is no memory to watch, nobody watches. The io thread only.
class ClientWatch {
 public:
  // `left` is called at most once, never from a member function. The socket and the buffer must outlive it.
  ClientWatch(asio::ip::tcp::socket& socket, boost::beast::flat_buffer& buffer, size_t kept_bytes_max,
              std::function<void()> left);
  ~ClientWatch() { stop(); }
  ClientWatch(const ClientWatch&) = delete;
  ClientWatch& operator=(const ClientWatch&) = delete;

  // What is called from now on.
  void when_left(std::function<void()> left);
  bool left() const;
  // Ends it. REQUIRES: no other operation of the socket is going on.
  void stop();

 private:
  struct State;
  const std::shared_ptr<State> state_;  // also the operation's that is going on
};

}  // namespace quire::server
