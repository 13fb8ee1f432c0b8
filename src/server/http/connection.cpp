#include "server/http/connection.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <exception>
#include <optional>

#include "server/http/access.h"
#include "server/http/client_watch.h"
#include "server/http/content_coding.h"
#include "server/http/request_reader.h"
#include "server/observe/request_log.h"

namespace quire::server {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using api::ApiError;
using asio::ip::tcp;

// gcc 12 destroys some temporaries of a co_await expression twice (braced aggregates among them), so this file hands
// named objects to coroutines.

// An error before routing is in the dialect of its path, as far as that has been read.
HttpResponse failure_response(const HttpRequest& request, const ReadFailure& failure) {
  HttpResponse response = error_response(api::dialect_of_path(request.path), ApiError{failure.status, failure.message});
  if (failure.status == 415) response.headers.emplace_back("Accept-Encoding", std::string(accepted_codings));
  return response;
}

// An id that is safe to send back: visible ASCII of a moderate length.
bool presentable_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, [](char c) { return c > ' ' && c < 127; });
}

// A client's address has one name, whether or not the socket speaks IPv6 too: its share and its weight go by it.
std::string address_text(const asio::ip::address& address) {
  const bool is_ipv4 = address.is_v6() && address.to_v6().is_v4_mapped();
  return is_ipv4 ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string() : address.to_string();
}

// Tells a client that is refused for want of room when to come back.
HttpResponse refusal(const api::Dialect& dialect, const ApiError& error, const LoadedModel* model) {
  return error_response(dialect, error, model == nullptr ? 1 : retry_after_s(model->snapshot()));
}

}  // namespace

struct Connection::Impl {
  Impl(tcp::socket socket, ConnectionContext& shared)
      : context(shared), stream(std::move(socket)), reader(stream, context.limits, context.bodies) {}

  // Whatever ends the present request.
  struct EndOfRequest {
    Impl& connection;
    ~EndOfRequest() { connection.end_request(); }
  };

  // How a request or its answer left the connection.
  enum class Next : uint8_t { keep, close };

  asio::awaitable<void> run();
  asio::awaitable<void> linger();
  asio::awaitable<Next> serve_one();
  asio::awaitable<Next> fail(const HttpRequest& request, const ReadFailure& failure);
  asio::awaitable<Next> answer_or_fail(HttpRequest& request, LiveRequest& live);
  asio::awaitable<Next> answer(HttpRequest& request, LiveRequest& live);
  asio::awaitable<Next> answer_generation(Generation& generation, LiveRequest& live, ClientWatch& watch);
  asio::awaitable<Next> stream_out(ByteStream& answer, const api::Dialect& dialect, const LoadedModel* model,
                                   ClientWatch& watch);
  asio::awaitable<Next> pump(ByteStream& answer, const api::Dialect& dialect, const LoadedModel* model);
  asio::awaitable<bool> write(std::string_view bytes);
  asio::awaitable<Next> respond(const HttpResponse& response);
  std::optional<HttpResponse> refuse_access(const HttpRequest& request);
  std::string head(int status, std::string_view content_type, const Headers& extra);
  void count_answer(int status);
  void end_request();

  ConnectionContext& context;
  beast::tcp_stream stream;
  RequestReader reader;
  std::string peer;
  bool answering = false;
  // Of the present request:
  std::string request_id;
  std::string allowed_origin;
  std::string_view route = "other";
  LiveRequest* current = nullptr;  // while its entry is there
  bool keeps_alive = true;
  bool is_head = false;
  bool chunked = true;  // false for HTTP/1.0: the end of the connection is the end of the answer
};

Connection::Connection(tcp::socket socket, ConnectionContext& context)
    : impl_(std::make_unique<Impl>(std::move(socket), context)) {}
Connection::~Connection() = default;
asio::awaitable<void> Connection::run() { return impl_->run(); }

void Connection::stop() {
  if (!impl_->answering) close();
}

void Connection::close() { impl_->stream.close(); }

asio::awaitable<void> Connection::Impl::run() {
  boost::system::error_code error;
  const tcp::endpoint endpoint = stream.socket().remote_endpoint(error);
  if (error) co_return;  // gone already
  peer = address_text(endpoint.address());
  stream.socket().set_option(tcp::no_delay(true), error);
  for (;;) {
    const bool arrived = co_await reader.wait_for_request();
    if (!arrived) break;
    answering = true;
    const Next next = co_await serve_one();
    answering = false;
    if (next == Next::close || context.stopping) break;
  }
  if (!context.stopping) co_await linger();
}

// Says goodbye and reads on for a moment: closing a socket that holds unread bytes would reset it, and the client
// might lose an answer that it has not read yet.
asio::awaitable<void> Connection::Impl::linger() {
  boost::system::error_code error;
  stream.socket().shutdown(tcp::socket::shutdown_send, error);
  stream.expires_after(std::chrono::nanoseconds(context.limits.linger_ns));
  while (!error) {
    reader.buffer().clear();
    const auto [read_error, count] = co_await stream.async_read_some(reader.buffer().prepare(16384), use_tuple);
    error = read_error;
  }
}

// Reads one request and answers it.
asio::awaitable<Connection::Impl::Next> Connection::Impl::serve_one() {
  do request_id = context.service.unique_id();
  while (context.requests.contains(request_id));
  allowed_origin.clear();
  route = "other";
  keeps_alive = false;
  is_head = false;

  HttpRequest request;
  request.peer = peer;
  const std::optional<ReadFailure> failure = co_await reader.read_head(request);
  request.arrived_ns = context.clocks.engine.now_ns();
  if (failure) co_return co_await fail(request, *failure);
  const std::string given_id(request.header("x-request-id"));
  if (presentable_id(given_id) && !context.requests.contains(given_id)) request_id = given_id;
  const LiveRequests::Entry entry(context.requests, request_id, request.arrived_ns);
  current = &*entry;
  const EndOfRequest end{*this};
  chunked = reader.is_http_1_1();
  is_head = request.method == "HEAD";
  co_return co_await answer_or_fail(request, *entry);
}

// The connection ends with it: where this request ends is not known.
asio::awaitable<Connection::Impl::Next> Connection::Impl::fail(const HttpRequest& request, const ReadFailure& failure) {
  if (reader.over_budget() && current != nullptr) current->record.refusal = Refusal::too_many_bytes;
  keeps_alive = false;
  const HttpResponse response = failure_response(request, failure);
  co_return co_await respond(response);
}

// Pages of strangers are kept out; an OPTIONS request asks for that only.
std::optional<HttpResponse> Connection::Impl::refuse_access(const HttpRequest& request) {
  const std::string_view host = request.header("host");
  if (context.checks_host && !host_allowed(host, context.host_name)) return HttpResponse{.status = 403};
  const std::string_view origin = request.header("origin");
  if (!origin.empty()) {
    if (!origin_allowed(origin, host, context.origins)) return HttpResponse{.status = 403};
    allowed_origin = std::string(origin);
  }
  if (request.method == "OPTIONS") {
    HttpResponse response{.status = 204};
    response.headers = {
        {"Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE, OPTIONS"},
        {"Access-Control-Allow-Headers", allowed_request_headers(request.header("access-control-request-headers"))},
        {"Access-Control-Max-Age", "43200"}};
    return response;
  }
  return std::nullopt;
}

// What is thrown on the way (no memory, most likely) is this request's own failure.
asio::awaitable<Connection::Impl::Next> Connection::Impl::answer_or_fail(HttpRequest& request, LiveRequest& live) {
  std::string why;
  try {
    const Next next = co_await answer(request, live);
    co_return next;
  } catch (const std::exception& error) {
    why = error.what();
  }
  spdlog::error("request {} failed: {}", request_id, why);
  if (live.record.status != 0) co_return Next::close;  // an answer has begun
  const HttpResponse failed = error_response(api::dialect_of_path(request.path), ApiError{500, why});
  co_return co_await respond(failed);
}

asio::awaitable<Connection::Impl::Next> Connection::Impl::answer(HttpRequest& request, LiveRequest& live) {
  const RouteMatch match = context.service.match(request);
  const bool streams_body = match.route != nullptr && match.route->streams_body;
  if (!streams_body) {
    const std::optional<ReadFailure> failure = co_await reader.read_body(request, context.intake);
    if (failure) co_return co_await fail(request, *failure);
  }
  keeps_alive = reader.keep_alive();
  route = context.service.route_name(request.path);
  const std::optional<HttpResponse> refused = refuse_access(request);
  if (refused) co_return co_await respond(*refused);
  spdlog::debug("{} {} from {}, request {}", request.method, request.path, request.peer, request_id);
  if (streams_body) {
    // Its handler reads the socket, and sees the client leave.
    const Reply reply = co_await context.service.answer(request, match, live, reader);
    co_return co_await respond(std::get<HttpResponse>(reply));
  }
  ClientWatch watch(stream.socket(), reader.buffer(), context.limits.pipelined_bytes_max, [&live] {
    if (live.generates) live.cancel();
  });
  Reply reply = co_await context.service.answer(request, match, live, reader);
  if (Generation* generation = std::get_if<Generation>(&reply)) {
    co_return co_await answer_generation(*generation, live, watch);
  }
  if (const auto* progress = std::get_if<std::unique_ptr<ByteStream>>(&reply)) {
    co_return co_await stream_out(**progress, api::dialect_of_path(request.path), nullptr, watch);
  }
  watch.stop();
  co_return co_await respond(std::get<HttpResponse>(reply));
}

// What has not ended when this returns is cancelled: the client is gone, or one of several choices has failed.
asio::awaitable<Connection::Impl::Next> Connection::Impl::answer_generation(Generation& generation, LiveRequest& live,
                                                                            ClientWatch& watch) {
  if (watch.left()) co_return Next::close;
  LoadedModel& model = generation.model.model();
  Submission submission(live, model, generation.requests);
  const AnswerStream::Config config{.streaming = generation.streaming,
                                    .pending_bytes_max = context.limits.pending_bytes_max,
                                    .load_ns = generation.load_ns,
                                    .keep = std::move(generation.keep),
                                    .submit_next = [&submission] { return submission.submit_next(); }};
  AnswerStream answer(stream.get_executor(), std::move(generation.writer), std::move(generation.parsers), live,
                      context.clocks, config);
  const StreamTable::Registration registration(context.streams, live, answer);
  const Result<void> submitted = submission.submit(std::move(generation.requests));
  if (!submitted) {
    const HttpResponse refused = refusal(*generation.dialect, api::from_error(submitted.error()), &model);
    watch.stop();
    co_return co_await respond(refused);
  }
  co_return co_await stream_out(answer, *generation.dialect, &model, watch);
}

// `model`: whose queue says when a client that is refused may come back; null: none's.
asio::awaitable<Connection::Impl::Next> Connection::Impl::stream_out(ByteStream& answer, const api::Dialect& dialect,
                                                                     const LoadedModel* model, ClientWatch& watch) {
  if (watch.left()) co_return Next::close;
  watch.when_left([&] {
    answer.abandon();
    answer.wake();
    stream.cancel();  // what is being written
  });
  const Next next = co_await pump(answer, dialect, model);
  watch.stop();
  co_return watch.left() ? Next::close : next;
}

// Writes the answer as it comes: everything that a step brought in one write.
asio::awaitable<Connection::Impl::Next> Connection::Impl::pump(ByteStream& answer, const api::Dialect& dialect,
                                                               const LoadedModel* model) {
  co_await answer.wait();
  if (answer.given_up()) co_return Next::close;
  if (answer.refusal()) {
    const HttpResponse response = refusal(dialect, *answer.refusal(), model);
    co_return co_await respond(response);
  }
  if (!answer.streaming()) {
    HttpResponse response;
    response.content_type = std::string(answer.content_type());
    response.body = answer.take();
    co_return co_await respond(response);
  }

  // A proxy that gathers an answer before it passes it on makes a stream of it again.
  Headers headers = {{"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}};
  if (chunked) headers.emplace_back("Transfer-Encoding", "chunked");
  if (!chunked) keeps_alive = false;
  std::string out = head(200, answer.content_type(), headers);
  for (;;) {
    const bool last = answer.ended();  // it may end, with more to write, while this is being written
    const std::string text = answer.take();
    if (!text.empty()) out += chunked ? fmt::format("{:x}\r\n{}\r\n", text.size(), text) : text;
    if (last && chunked) out += "0\r\n\r\n";
    const bool written = co_await write(out);
    if (!written || answer.given_up()) co_return Next::close;
    if (last) break;
    out.clear();
    co_await answer.wait();
    if (answer.given_up()) co_return Next::close;
  }
  co_return keeps_alive ? Next::keep : Next::close;
}

// False when the client is gone or took nothing for a while.
asio::awaitable<bool> Connection::Impl::write(std::string_view bytes) {
  while (!bytes.empty()) {
    stream.expires_after(std::chrono::nanoseconds(context.limits.write_ns));
    const auto [error, count] = co_await stream.async_write_some(asio::buffer(bytes.data(), bytes.size()), use_tuple);
    if (error) co_return false;
    bytes.remove_prefix(count);
  }
  co_return true;
}

// Counted before the client can see the answer: whoever has it finds it in the counts.
void Connection::Impl::count_answer(int status) {
  ++context.counts.responses[{route, status}];
  if (current == nullptr) return;
  current->record.status = status;
  if (current->record.refusal) context.counts.refuse(*current->record.refusal);
}

// Logs it, and counts it where its client has left before any answer.
void Connection::Impl::end_request() {
  const LiveRequest& ended = *std::exchange(current, nullptr);
  reader.release();
  try {
    if (ended.record.status == 0) ++context.counts.responses[{route, client_left_status}];
    log_request(context.log, ended, route, context.clocks.engine.now_ns());
  } catch (const std::exception& error) {
    spdlog::warn("a request is not logged: {}", error.what());
  }
}

std::string Connection::Impl::head(int status, std::string_view content_type, const Headers& extra) {
  count_answer(status);
  const auto reason = http::obsolete_reason(static_cast<http::status>(status));
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nServer: quire/" QUIRE_VERSION "\r\nX-Request-Id: {}\r\n", status,
                                status == 499 ? "Client Closed Request" : std::string(reason), request_id);
  if (!content_type.empty()) out += fmt::format("Content-Type: {}\r\n", content_type);
  if (!allowed_origin.empty()) {
    out += fmt::format("Access-Control-Allow-Origin: {}\r\nVary: Origin\r\n", allowed_origin);
  }
  for (const auto& [name, value] : extra) out += fmt::format("{}: {}\r\n", name, value);
  out += keeps_alive && !context.stopping ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return out;
}

asio::awaitable<Connection::Impl::Next> Connection::Impl::respond(const HttpResponse& response) {
  if (response.status == 0) co_return Next::close;
  Headers headers = response.headers;
  const bool has_length = response.status != 204 && response.status != 304;
  if (has_length) headers.emplace_back("Content-Length", fmt::format("{}", response.body.size()));
  if (!reader.done()) keeps_alive = false;  // what is left of the body would be the next request
  std::string out = head(response.status, response.body.empty() ? "" : response.content_type, headers);
  if (!is_head) out += response.body;
  const bool written = co_await write(out);
  co_return written&& keeps_alive ? Next::keep : Next::close;
}

}  // namespace quire::server
