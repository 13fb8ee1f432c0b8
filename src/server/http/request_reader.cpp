#include "server/http/request_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "api/error.h"
#include "base/ascii.h"
#include "server/http/content_coding.h"
#include "server/http/framing.h"

namespace quire::server {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

template <typename Message>
void take_target(const Message& message, HttpRequest& request) {
  const Target target = parse_target({message.target().data(), message.target().size()});
  request.path = decode_path(target.path_and_query);
  if (const size_t query = target.path_and_query.find('?'); query != std::string_view::npos) {
    request.query = target.path_and_query.substr(query + 1);
  }
  // Whoever names the host in the target means that one (RFC 9112, 3.2.2).
  if (target.authority.empty()) return;
  std::erase_if(request.headers, [](const auto& header) { return header.first == "host"; });
  request.headers.emplace_back("host", target.authority);
}

}  // namespace

asio::awaitable<bool> RequestReader::wait_for_request() {
  if (buffer_.size() > 0) co_return true;
  stream_.expires_after(std::chrono::nanoseconds(limits_.idle_ns));
  const auto [error, count] = co_await stream_.async_read_some(buffer_.prepare(4096), use_tuple);
  if (error) co_return false;
  buffer_.commit(count);
  co_return true;
}

// Nothing when the client has just left: there is nobody to tell.
std::optional<ReadFailure> RequestReader::failure_of(const boost::system::error_code& error) const {
  const bool speaks = error != http::error::end_of_stream && error != http::error::partial_message &&
                      error.category() == http::make_error_code(http::error::bad_method).category();
  if (!speaks) return ReadFailure{};
  if (error == http::error::header_limit) return ReadFailure{431, "request headers too large"};
  if (error == http::error::body_limit) {
    return ReadFailure{413, fmt::format("request body too large: more than {} bytes", limits_.body_bytes_max)};
  }
  return ReadFailure{400, "malformed HTTP request: " + error.message()};
}

asio::awaitable<std::optional<ReadFailure>> RequestReader::read_head(HttpRequest& request) {
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(limits_.header_bytes_max));
  parser_->body_limit(boost::none);  // read_body has its own; who reads in pieces bounds them
  over_budget_ = false;
  expectation_answered_ = false;
  stream_.expires_after(std::chrono::nanoseconds(limits_.header_ns));
  const auto [error, count] = co_await http::async_read_header(stream_, buffer_, *parser_, use_tuple);
  const auto& message = parser_->get();
  for (const auto& field : message) {
    request.headers.emplace_back(lower_case({field.name_string().data(), field.name_string().size()}),
                                 std::string(field.value()));
  }
  request.method = std::string(message.method_string());
  // Before the target: what two Host headers say is not made one by it.
  const std::string_view fault = error ? std::string_view() : framing_fault(request.headers, message.version());
  take_target(message, request);
  if (error) co_return failure_of(error);
  if (!fault.empty()) co_return ReadFailure{400, fmt::format("malformed HTTP request: {}", fault)};
  co_return std::nullopt;
}

bool RequestReader::reserve(size_t bytes) {
  if (bytes > budget_.bytes_max || budget_.bytes > budget_.bytes_max - bytes) return false;
  budget_.bytes += bytes;
  reserved_ += bytes;
  return true;
}

void RequestReader::release() { budget_.bytes -= std::exchange(reserved_, 0); }

std::optional<ReadFailure> RequestReader::no_room() {
  over_budget_ = true;
  return ReadFailure{503, api::busy_message};
}

// A client that sends "Expect: 100-continue" waits for this before it sends the body. HTTP/1.0 does not know it.
asio::awaitable<std::optional<ReadFailure>> RequestReader::answer_expectation() {
  if (std::exchange(expectation_answered_, true) || done() || !is_http_1_1()) co_return std::nullopt;
  const auto expected = parser_->get()[http::field::expect];
  if (!equal_ignoring_case(expected, "100-continue")) co_return std::nullopt;
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  stream_.expires_after(std::chrono::nanoseconds(limits_.write_ns));
  const auto [error, count] = co_await asio::async_write(stream_, asio::buffer(go_on.data(), go_on.size()), use_tuple);
  if (error) co_return ReadFailure{};
  co_return std::nullopt;
}

asio::awaitable<std::optional<ReadFailure>> RequestReader::read_some(std::string& out) {
  std::optional<ReadFailure> failure = co_await answer_expectation();
  if (failure) co_return failure;
  stream_.expires_after(std::chrono::nanoseconds(limits_.body_ns));
  co_return co_await read_piece(out);
}

asio::awaitable<std::optional<ReadFailure>> RequestReader::read_piece(std::string& out) {
  const size_t before = out.size();
  while (!done() && out.size() == before) {
    auto& body = parser_->get().body();
    body.data = piece_.data();
    body.size = piece_.size();
    const auto [error, count] = co_await http::async_read_some(stream_, buffer_, *parser_, use_tuple);
    if (error && error != http::error::need_buffer) co_return failure_of(error);
    out.append(piece_.data(), piece_.size() - parser_->get().body().size);
  }
  co_return std::nullopt;
}

asio::awaitable<std::optional<ReadFailure>> RequestReader::read_body(HttpRequest& request, asio::thread_pool& pool) {
  const boost::system::error_code limit = http::make_error_code(http::error::body_limit);
  if (const auto length = parser_->content_length()) {
    if (*length > limits_.body_bytes_max) co_return failure_of(limit);
    if (!reserve(*length)) co_return no_room();
    request.body.reserve(*length);
  }
  std::optional<ReadFailure> failure = co_await answer_expectation();
  if (failure) co_return failure;
  stream_.expires_after(std::chrono::nanoseconds(limits_.body_ns));  // for all of it
  while (!done()) {
    failure = co_await read_piece(request.body);
    if (failure) co_return failure;
    if (request.body.size() > limits_.body_bytes_max) co_return failure_of(limit);
    if (request.body.size() > reserved_ && !reserve(request.body.size() - reserved_)) co_return no_room();
  }
  co_return co_await unpack(request, pool);
}

asio::awaitable<std::optional<ReadFailure>> RequestReader::unpack(HttpRequest& request, asio::thread_pool& pool) {
  const std::string coding(request.header("content-encoding"));
  if (coding.empty()) co_return std::nullopt;
  const auto work = [&] { return decode_body(coding, std::move(request.body), limits_.body_bytes_max); };
  Result<std::string> plain = co_await on_pool(pool, work);
  if (!plain) {
    const ErrorKind kind = plain.error().kind;
    const int status = kind == ErrorKind::unsupported ? 415 : kind == ErrorKind::too_large ? 413 : 400;
    co_return ReadFailure{status, plain.error().message};
  }
  request.body = std::move(*plain);
  if (request.body.size() > reserved_ && !reserve(request.body.size() - reserved_)) co_return no_room();
  co_return std::nullopt;
}

}  // namespace quire::server
