#include "load/http_client.h"

#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <deque>
#include <exception>

namespace quire::load {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr size_t read_bytes = 16 * 1024;
constexpr size_t line_bytes_max = 16 * 1024 * 1024;  // a final message with logprobs or a context is long
constexpr size_t body_bytes_max = 1024ULL * 1024 * 1024;
constexpr auto watch_period = std::chrono::milliseconds(50);

constexpr auto for_ever = [] { return true; };

// One call on its own connection. Lives as long as its coroutine.
class Exchange {
 public:
  Exchange(asio::io_context& io, const HttpEndpoint& endpoint, const HttpCall& call, int timeout_ms)
      : endpoint_(endpoint), call_(call), timeout_ms_(timeout_ms), stream_(io) {}

  // on_line is null where the whole body is wanted.
  asio::awaitable<void> run(size_t index, const LineHandler* on_line, HttpReply& reply) {
    boost::system::error_code error;
    bool enough = false;
    co_await send(error);
    if (!error) enough = co_await receive(index, on_line, reply, error);
    reply.hung_up = enough;
    if (error) reply.error = Error{ErrorKind::io, describe(error)};
    boost::system::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
  }

 private:
  auto token(boost::system::error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

  std::string describe(const boost::system::error_code& error) const {
    return fmt::format("http://{}:{}{}: {}", endpoint_.host, endpoint_.port, call_.target, error.message());
  }

  asio::awaitable<void> send(boost::system::error_code& error) {
    if (timeout_ms_ > 0) stream_.expires_after(std::chrono::milliseconds(timeout_ms_));
    tcp::resolver resolver(stream_.get_executor());
    const std::string port = std::to_string(endpoint_.port);
    const auto addresses = co_await resolver.async_resolve(endpoint_.host, port, token(error));
    if (error) co_return;
    co_await stream_.async_connect(addresses, token(error));
    if (error) co_return;
    http::request<http::string_body> request(http::string_to_verb(call_.method), call_.target, 11);
    request.set(http::field::host, fmt::format("{}:{}", endpoint_.host, endpoint_.port));
    request.set(http::field::user_agent, "quire/" QUIRE_VERSION);
    request.set(http::field::connection, "close");
    if (!call_.body.empty()) {
      request.set(http::field::content_type, "application/json");
      request.body() = call_.body;
    }
    request.prepare_payload();
    co_await http::async_write(stream_, request, token(error));
  }

  // True: the line handler had enough.
  asio::awaitable<bool> receive(size_t index, const LineHandler* on_line, HttpReply& reply,
                                boost::system::error_code& error) {
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(body_bytes_max);
    parser.skip(call_.method == "HEAD");
    co_await http::async_read_header(stream_, received_, parser, token(error));
    if (error) co_return false;
    reply.status = static_cast<int>(parser.get().result_int());
    const bool streams = on_line != nullptr && reply.status == 200;
    std::vector<char> buffer(read_bytes);
    while (!parser.is_done()) {
      parser.get().body().data = buffer.data();
      parser.get().body().size = buffer.size();
      co_await http::async_read_some(stream_, received_, parser, token(error));
      if (error == http::error::need_buffer) error = {};
      reply.body.append(buffer.data(), buffer.size() - parser.get().body().size);
      if (streams && !hand_over_lines(index, *on_line, reply.body, error)) co_return true;
      if (error) co_return false;
    }
    if (!streams || reply.body.empty()) co_return false;
    const std::string last = std::move(reply.body);
    reply.body.clear();
    co_return !(*on_line)(index, last);
  }

  // Hands over the whole lines of the text and keeps the rest in it. False: nobody wants more.
  static bool hand_over_lines(size_t index, const LineHandler& on_line, std::string& text,
                              boost::system::error_code& error) {
    size_t begin = 0;
    for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
      if (!on_line(index, std::string_view(text).substr(begin, end - begin))) return false;
    }
    text.erase(0, begin);
    if (text.size() > line_bytes_max) error = http::error::body_limit;
    return true;
  }

  const HttpEndpoint& endpoint_;
  const HttpCall& call_;
  const int timeout_ms_;
  beast::tcp_stream stream_;
  beast::flat_buffer received_;
};

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
    asio::co_spawn(io, exchange.run(index, on_line, replies[index]), [&](std::exception_ptr) { watch.one_ended(); });
  }
  io.run();
  return replies;
}

}  // namespace

Result<HttpEndpoint> parse_endpoint(std::string_view text) {
  HttpEndpoint endpoint;
  std::string_view rest = text;
  if (rest.starts_with("https://")) return fail(ErrorKind::unsupported, fmt::format("'{}': only http is spoken", text));
  if (rest.starts_with("http://")) rest.remove_prefix(7);
  rest = rest.substr(0, rest.find('/'));
  std::string_view port;
  if (rest.starts_with('[')) {  // [IPv6]:port
    const size_t close = rest.find(']');
    if (close == std::string_view::npos) return fail(ErrorKind::invalid, fmt::format("'{}': '[' without ']'", text));
    endpoint.host = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    if (rest.starts_with(':')) port = rest.substr(1);
  } else {
    const size_t colon = rest.rfind(':');
    if (colon != std::string_view::npos) port = rest.substr(colon + 1);
    if (!rest.substr(0, colon).empty()) endpoint.host = rest.substr(0, colon);
  }
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    if (error != std::errc() || end != port.data() + port.size()) {
      return fail(ErrorKind::invalid, fmt::format("'{}': port '{}' is not a number from 0 to 65535", text, port));
    }
  }
  return endpoint;
}

std::vector<HttpReply> http_stream(const HttpEndpoint& endpoint, std::span<const HttpCall> calls, LineHandler on_line,
                                   KeepGoing keep_going) {
  return exchange_all(endpoint, calls, &on_line, keep_going, 0);
}

std::vector<HttpReply> http_stream(const HttpEndpoint& endpoint, std::span<const HttpCall> calls, LineHandler on_line) {
  return exchange_all(endpoint, calls, &on_line, for_ever, 0);
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
