#include "load/http_client.h"

#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <deque>
#include <exception>

#include "base/host_port.h"
#include "load/exchange.h"

namespace quire::load {
namespace {

namespace asio = boost::asio;

constexpr auto watch_period = std::chrono::milliseconds(50);

constexpr auto for_ever = [] { return true; };

// on_line is null where the whole body is wanted.
asio::awaitable<void> carry_out(Exchange& exchange, size_t index, const LineHandler* on_line, HttpReply& reply) {
  const auto hand_over = [&](std::string_view line) { return (*on_line)(index, line); };
  const Exchange::OnLine sink(hand_over);
  if (co_await exchange.send(reply)) {
    co_await exchange.receive(on_line != nullptr ? &sink : nullptr, reply);
  } else {
    reply.hung_up = false;
  }
}

// Asks keep_going while exchanges are open, and stops everything when it says no.
class Watch {
 public:
  Watch(asio::io_context& io, size_t open, KeepGoing keep_going)
      : io_(io), timer_(io), open_(open), keep_going_(keep_going) {}

  asio::awaitable<void> run() {
    while (open_ > 0) {
      if (!keep_going_()) co_return io_.stop();
      timer_.expires_after(watch_period);
      boost::system::error_code woken;
      co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
  }

  void one_ended() {
    if (--open_ == 0) timer_.cancel();
  }

 private:
  asio::io_context& io_;
  asio::steady_timer timer_;
  size_t open_;
  KeepGoing keep_going_;
};

std::vector<HttpReply> exchange_all(const HttpEndpoint& endpoint, std::span<const HttpCall> calls,
                                    const LineHandler* on_line, KeepGoing keep_going, int timeout_ms) {
  std::vector<HttpReply> replies(calls.size());
  for (HttpReply& reply : replies) reply.hung_up = true;  // until it has ended
  asio::io_context io(1);
  std::deque<Exchange> exchanges;
  Watch watch(io, calls.size(), keep_going);
  asio::co_spawn(io, watch.run(), asio::detached);
  for (size_t index = 0; index < calls.size(); ++index) {
    Exchange& exchange = exchanges.emplace_back(io, endpoint, calls[index], timeout_ms);
    asio::co_spawn(io, carry_out(exchange, index, on_line, replies[index]),
                   [&](std::exception_ptr) { watch.one_ended(); });
  }
  io.run();
  return replies;
}

}  // namespace

Result<HttpEndpoint> parse_endpoint(std::string_view text) {
  const HttpEndpoint usual;
  QUIRE_TRY(const HostPort asked, parse_host(text, {.host = usual.host, .port = usual.port}));
  if (asked.is_https) return fail(ErrorKind::unsupported, fmt::format("'{}': only http is spoken", text));
  if (!asked.path.empty()) {
    return fail(ErrorKind::unsupported,
                fmt::format("'{}': a server below a path ({}) is not spoken to", text, asked.path));
  }
  const HostPort reached = reachable(asked);
  return HttpEndpoint{.host = reached.host, .port = reached.port};
}

std::vector<HttpReply> http_stream(const HttpEndpoint& endpoint, std::span<const HttpCall> calls, LineHandler on_line,
                                   KeepGoing keep_going) {
  return exchange_all(endpoint, calls, &on_line, keep_going, 0);
}

std::vector<HttpReply> http_stream(const HttpEndpoint& endpoint, std::span<const HttpCall> calls, LineHandler on_line) {
  return exchange_all(endpoint, calls, &on_line, for_ever, 0);
}

HttpReply http_stream_within(const HttpEndpoint& endpoint, const HttpCall& call, LineHandler on_line, int timeout_ms) {
  return std::move(exchange_all(endpoint, {&call, 1}, &on_line, for_ever, timeout_ms)[0]);
}

Result<HttpReply> http_request(const HttpEndpoint& endpoint, const HttpCall& call, int timeout_ms) {
  std::vector<HttpReply> replies = exchange_all(endpoint, {&call, 1}, nullptr, for_ever, timeout_ms);
  if (replies[0].error) return std::unexpected(*replies[0].error);
  return std::move(replies[0]);
}

bool server_answers(const HttpEndpoint& endpoint) {
  constexpr int patience_ms = 2000;
  const auto reply = http_request(endpoint, {.method = "GET", .target = "/api/version", .body = {}}, patience_ms);
  return reply && reply->status == 200;
}

}  // namespace quire::load
