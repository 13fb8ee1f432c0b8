#include "load/exchange.h"

#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http.hpp>
#include <chrono>

namespace quire::load {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr size_t line_bytes_max = 16 * 1024 * 1024;  // a final message with logprobs or a context is long
constexpr size_t body_bytes_max = 1024ULL * 1024 * 1024;
constexpr int slow_receive_bytes = 4096;  // the system's own buffer would take a short answer whole

auto token(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

// Hands over the whole lines of the text and keeps the rest in it. False: nobody wants more.
bool hand_over_lines(const Exchange::OnLine& on_line, std::string& text, error_code& error) {
  size_t begin = 0;
  for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    if (!on_line(std::string_view(text).substr(begin, end - begin))) return false;
  }
  text.erase(0, begin);
  if (text.size() > line_bytes_max) error = http::error::body_limit;
  return true;
}

}  // namespace

Exchange::Exchange(asio::io_context& io, const HttpEndpoint& endpoint, const HttpCall& call, int timeout_ms,
                   ReadPace pace)
    : endpoint_(endpoint), call_(call), timeout_ms_(timeout_ms), pace_(pace), stream_(io) {}

void Exchange::note(const error_code& error, HttpReply& reply) const {
  reply.hung_up = reply.hung_up || hung_up_;
  if (!error) return;
  reply.timed_out = error == beast::error::timeout;
  reply.error = Error{ErrorKind::io,
                      fmt::format("http://{}:{}{}: {}", endpoint_.host, endpoint_.port, call_.target, error.message())};
}

asio::awaitable<bool> Exchange::send(HttpReply& reply) {
  error_code error;
  if (timeout_ms_ > 0) stream_.expires_after(std::chrono::milliseconds(timeout_ms_));
  tcp::resolver resolver(stream_.get_executor());
  const std::string port = std::to_string(endpoint_.port);
  const auto addresses = co_await resolver.async_resolve(endpoint_.host, port, token(error));
  if (!error) co_await stream_.async_connect(addresses, token(error));
  if (!error) {
    error_code ignored;
    stream_.socket().set_option(tcp::no_delay(true), ignored);
    if (pace_.pause_ms > 0) {
      stream_.socket().set_option(asio::socket_base::receive_buffer_size(slow_receive_bytes), ignored);
    }
    http::request<http::string_body> request(http::string_to_verb(call_.method), call_.target, 11);
    request.set(http::field::host, fmt::format("{}:{}", endpoint_.host, endpoint_.port));
    request.set(http::field::user_agent, "quire/" QUIRE_VERSION);
    request.set(http::field::connection, "close");
    for (const auto& [name, value] : call_.headers) request.set(name, value);
    if (!call_.body.empty()) {
      request.set(http::field::content_type, "application/json");
      request.body() = call_.body;
    }
    request.prepare_payload();
    co_await http::async_write(stream_, request, token(error));
  }
  note(error, reply);
  co_return !error;
}

asio::awaitable<void> Exchange::receive(const OnLine* on_line, HttpReply& reply) {
  error_code error;
  const bool enough = co_await read_answer(on_line, reply, error);
  reply.hung_up = enough;
  note(error, reply);
  error_code ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
  stream_.socket().close(ignored);
}

// True: the line handler had enough.
asio::awaitable<bool> Exchange::read_answer(const OnLine* on_line, HttpReply& reply, error_code& error) {
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(body_bytes_max);
  parser.skip(call_.method == "HEAD");
  co_await http::async_read_header(stream_, received_, parser, token(error));
  if (error) co_return false;
  reply.status = static_cast<int>(parser.get().result_int());
  const bool streams = on_line != nullptr && reply.status == 200;
  std::vector<char> buffer(pace_.read_bytes);
  asio::steady_timer pause(stream_.get_executor());
  while (!parser.is_done()) {
    parser.get().body().data = buffer.data();
    parser.get().body().size = buffer.size();
    co_await http::async_read_some(stream_, received_, parser, token(error));
    if (error == http::error::need_buffer) error = {};
    reply.body.append(buffer.data(), buffer.size() - parser.get().body().size);
    if (streams && !hand_over_lines(*on_line, reply.body, error)) co_return true;
    if (error) co_return false;
    if (pace_.pause_ms > 0 && !parser.is_done()) {
      pause.expires_after(std::chrono::milliseconds(pace_.pause_ms));
      co_await pause.async_wait(token(error));
    }
  }
  if (!streams || reply.body.empty()) co_return false;
  const std::string last = std::move(reply.body);
  reply.body.clear();
  co_return !(*on_line)(last);
}

void Exchange::hang_up() {
  hung_up_ = true;
  error_code ignored;
  stream_.socket().close(ignored);
}

}  // namespace quire::load
