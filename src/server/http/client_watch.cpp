#include "server/http/client_watch.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

namespace quire::server {

using asio::ip::tcp;

struct ClientWatch::State {
  tcp::socket& socket;
  boost::beast::flat_buffer& buffer;
  const size_t kept_bytes_max;
  std::function<void()> when_left;
  bool left = false;
  bool stopped = false;

  // Waits until there is something to read, and reads it, as long as there is room.
  static void go_on(const std::shared_ptr<State>& state) {
    if (state->buffer.size() >= state->kept_bytes_max) return;
    try {
      state->socket.async_wait(tcp::socket::wait_read, [state](const boost::system::error_code& error) {
        if (!state->stopped) state->look(state, error);
      });
    } catch (const std::exception& error) {
      spdlog::warn("a client is not watched: {}", error.what());
    }
  }

  void look(const std::shared_ptr<State>& self, const boost::system::error_code& error) {
    boost::system::error_code read_error = error;
    size_t count = 0;
    if (!error) {
      socket.non_blocking(true, read_error);
      count = socket.read_some(buffer.prepare(4096), read_error);
    }
    const bool nothing_yet = read_error == asio::error::would_block || read_error == asio::error::try_again;
    if (nothing_yet) return go_on(self);
    if (!read_error && count > 0) {
      buffer.commit(count);
      return go_on(self);
    }
    left = true;
    if (when_left) when_left();
  }
};

ClientWatch::ClientWatch(tcp::socket& socket, boost::beast::flat_buffer& buffer, size_t kept_bytes_max,
                         std::function<void()> left)
    : state_(std::make_shared<State>(
          State{.socket = socket, .buffer = buffer, .kept_bytes_max = kept_bytes_max, .when_left = std::move(left)})) {
  State::go_on(state_);
}

void ClientWatch::when_left(std::function<void()> left) { state_->when_left = std::move(left); }

bool ClientWatch::left() const { return state_->left; }

void ClientWatch::stop() {
  if (std::exchange(state_->stopped, true)) return;
  state_->when_left = nullptr;
  boost::system::error_code ignored;  // it is closed already
  state_->socket.cancel(ignored);
}

}  // namespace quire::server
