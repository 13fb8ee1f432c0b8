#include "server/http/connection.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <exception>
#include <optional>

#include "server/http/access.h"
#include "server/http/client_watch.h"
#include "server/observe/request_log.h"

namespace quire::server {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using api::ApiError;
using api::Dialect;
using asio::ip::tcp;
using Parser = http::request_parser<http::string_body>;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// gcc 12 destroys some temporaries of a co_await expression twice (braced aggregates among them), so this file hands
// named objects to coroutines.
HttpResponse ollama_error(int status, std::string message) {
  return error_response(Dialect::ollama, ApiError{status, std::move(message)});
}

std::string too_large_message(size_t body_bytes_max) {
  return fmt::format("request body too large: more than {} bytes", body_bytes_max);
}

// What a request that could not be parsed is told; nothing when the client has just left.
std::optional<HttpResponse> parse_failure(const boost::system::error_code& error, const ConnectionLimits& limits) {
  const bool speaks = error != http::error::end_of_stream && error != http::error::partial_message &&
                      error.category() == http::make_error_code(http::error::bad_method).category();
  if (!speaks) return std::nullopt;
  if (error == http::error::header_limit) return ollama_error(431, "request headers too large");
  if (error == http::error::body_limit) return ollama_error(413, too_large_message(limits.body_bytes_max));
  return ollama_error(400, "malformed HTTP request: " + error.message());
}

// An id that is safe to send back: visible ASCII of a moderate length.
bool presentable_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, [](char c) { return c > ' ' && c < 127; });
}

// Tells a client that is refused for want of room when to come back.
HttpResponse refusal(const Generation& generation, const ApiError& error) {
  return error_response(generation.dialect, error, retry_after_s(generation.model.model().snapshot()));
}

HttpRequest to_request(Parser& parser, std::string peer) {
  auto message = parser.release();
  HttpRequest request;
  request.method = std::string(message.method_string());
  const std::string_view target(message.target().data(), message.target().size());
  request.path = decode_path(target);
  if (const size_t query = target.find('?'); query != std::string_view::npos) request.query = target.substr(query + 1);
  for (const auto& field : message) {
    request.headers.emplace_back(lower({field.name_string().data(), field.name_string().size()}),
                                 std::string(field.value()));
  }
  request.body = std::move(message.body());
  request.peer = std::move(peer);
  return request;
}

}  // namespace

struct Connection::Impl {
  Impl(tcp::socket socket, ConnectionContext& shared) : context(shared), stream(std::move(socket)) {}

  // Bytes of a body, in the count of all connections.
  struct Reservation {
    ConnectionContext& context;
    size_t bytes = 0;
    ~Reservation() { context.bodies_bytes -= bytes; }
  };
  // Whatever ends the present request.
  struct EndOfRequest {
    Impl& connection;
    ~EndOfRequest() { connection.end_request(); }
  };

  // How a request or its answer left the connection.
  enum class Next : uint8_t { keep, close };

  asio::awaitable<void> run();
  asio::awaitable<bool> wait_for_request();
  asio::awaitable<void> linger();
  asio::awaitable<std::optional<HttpResponse>> read_body(Parser& parser, Reservation& reserved, bool& complete);
  asio::awaitable<Next> serve_one();
  asio::awaitable<Next> answer_or_fail(const HttpRequest& request, LiveRequest& live);
  asio::awaitable<Next> answer(const HttpRequest& request, LiveRequest& live);
  asio::awaitable<Next> answer_generation(Generation& generation, LiveRequest& live, ClientWatch& watch);
  asio::awaitable<Next> pump(AnswerStream& answer, const Generation& generation);
  asio::awaitable<bool> write(std::string_view bytes);
  asio::awaitable<Next> respond(const HttpResponse& response);
  std::optional<HttpResponse> refuse_access(const HttpRequest& request);
  std::string head(int status, std::string_view content_type, const Headers& extra);
  void count_answer(int status);
  void end_request();
  bool reserve(size_t bytes, Reservation& reserved);

  ConnectionContext& context;
  beast::tcp_stream stream;
  beast::flat_buffer buffer;  // bytes of requests that are not parsed yet
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
  peer = endpoint.address().to_string();
  stream.socket().set_option(tcp::no_delay(true), error);
  for (;;) {
    const bool arrived = co_await wait_for_request();
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
    buffer.clear();
    const auto [read_error, count] = co_await stream.async_read_some(buffer.prepare(16384), use_tuple);
    error = read_error;
  }
}

// Until the first byte of a request is there; false when none comes.
asio::awaitable<bool> Connection::Impl::wait_for_request() {
  if (buffer.size() > 0) co_return true;
  stream.expires_after(std::chrono::nanoseconds(context.limits.idle_ns));
  const auto [error, count] = co_await stream.async_read_some(buffer.prepare(4096), use_tuple);
  if (error) co_return false;
  buffer.commit(count);
  co_return true;
}

bool Connection::Impl::reserve(size_t bytes, Reservation& reserved) {
  if (context.bodies_bytes + bytes > context.limits.bodies_bytes_max) return false;
  context.bodies_bytes += bytes;
  reserved.bytes += bytes;
  return true;
}

// Reads one request and answers it.
asio::awaitable<Connection::Impl::Next> Connection::Impl::serve_one() {
  Parser parser;
  parser.header_limit(static_cast<uint32_t>(context.limits.header_bytes_max));
  parser.body_limit(context.limits.body_bytes_max);
  do request_id = context.service.unique_id();
  while (context.requests.contains(request_id));
  allowed_origin.clear();
  route = "other";
  keeps_alive = false;
  is_head = false;

  stream.expires_after(std::chrono::nanoseconds(context.limits.header_ns));
  const auto [error, count] = co_await http::async_read_header(stream, buffer, parser, use_tuple);
  const int64_t arrived_ns = context.clocks.engine.now_ns();
  if (error) {
    const std::optional<HttpResponse> response = parse_failure(error, context.limits);
    if (!response) co_return Next::close;
    co_return co_await respond(*response);
  }
  const auto given_id = parser.get()["X-Request-Id"];
  if (presentable_id({given_id.data(), given_id.size()}) && !context.requests.contains(std::string(given_id))) {
    request_id = std::string(given_id);
  }
  const LiveRequests::Entry entry(context.requests, request_id, arrived_ns);
  current = &*entry;
  const EndOfRequest end{*this};
  chunked = parser.get().version() >= 11;
  is_head = parser.get().method() == http::verb::head;

  Reservation reserved{.context = context};
  bool complete = false;
  const std::optional<HttpResponse> refused = co_await read_body(parser, reserved, complete);
  Next next = Next::close;
  if (refused) {
    next = co_await respond(*refused);
  } else if (complete) {
    keeps_alive = parser.get().keep_alive();
    HttpRequest request = to_request(parser, peer);
    request.arrived_ns = arrived_ns;
    route = route_name(request.path);
    next = co_await answer_or_fail(request, *entry);
  }
  co_return next;
}

// What to answer instead of going on. Nothing when the body is complete, or when the client left or stopped sending.
asio::awaitable<std::optional<HttpResponse>> Connection::Impl::read_body(Parser& parser, Reservation& reserved,
                                                                         bool& complete) {
  const auto no_room = [&] {
    current->record.refusal = Refusal::too_many_bytes;
    return error_response(Dialect::ollama, ApiError{503, api::busy_message});
  };
  if (const auto length = parser.content_length()) {
    if (!reserve(*length, reserved)) co_return no_room();
  }
  stream.expires_after(std::chrono::nanoseconds(context.limits.body_ns));
  if (beast::iequals(parser.get()[http::field::expect], "100-continue") && !parser.is_done()) {
    const bool written = co_await write("HTTP/1.1 100 Continue\r\n\r\n");
    if (!written) co_return std::nullopt;
    stream.expires_after(std::chrono::nanoseconds(context.limits.body_ns));
  }
  while (!parser.is_done()) {
    const auto [error, count] = co_await http::async_read_some(stream, buffer, parser, use_tuple);
    if (error) co_return parse_failure(error, context.limits);
    const size_t held = parser.get().body().size();
    if (held > reserved.bytes && !reserve(held - reserved.bytes, reserved)) co_return no_room();
  }
  complete = true;
  co_return std::nullopt;
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
        {"Access-Control-Allow-Headers",
         "Authorization, Content-Type, User-Agent, Accept, Priority, X-Request-Id, X-Requested-With, "
         "X-Stainless-Arch, X-Stainless-Async, X-Stainless-Helper-Method, X-Stainless-Lang, "
         "X-Stainless-OS, X-Stainless-Package-Version, X-Stainless-Poll-Helper, X-Stainless-Retry-Count, "
         "X-Stainless-Runtime, X-Stainless-Runtime-Version, X-Stainless-Timeout"},
        {"Access-Control-Max-Age", "43200"}};
    return response;
  }
  return std::nullopt;
}

// What is thrown on the way (no memory, most likely) is this request's own failure.
asio::awaitable<Connection::Impl::Next> Connection::Impl::answer_or_fail(const HttpRequest& request,
                                                                         LiveRequest& live) {
  std::string why;
  try {
    const Next next = co_await answer(request, live);
    co_return next;
  } catch (const std::exception& error) {
    why = error.what();
  }
  spdlog::error("request {} failed: {}", request_id, why);
  if (live.record.status != 0) co_return Next::close;  // an answer has begun
  const Dialect dialect = request.path.starts_with("/v1/") ? Dialect::openai : Dialect::ollama;
  const HttpResponse failed = error_response(dialect, ApiError{500, why});
  co_return co_await respond(failed);
}

asio::awaitable<Connection::Impl::Next> Connection::Impl::answer(const HttpRequest& request, LiveRequest& live) {
  const std::optional<HttpResponse> refused = refuse_access(request);
  if (refused) co_return co_await respond(*refused);
  spdlog::debug("{} {} from {}, request {}", request.method, request.path, request.peer, request_id);
  ClientWatch watch(stream.socket(), buffer, context.limits.pipelined_bytes_max, [&live] {
    if (live.generates) live.cancel();
  });
  Reply reply = co_await context.service.answer(request, live);
  HttpResponse* response = std::get_if<HttpResponse>(&reply);
  if (response == nullptr) co_return co_await answer_generation(std::get<Generation>(reply), live, watch);
  watch.stop();
  co_return co_await respond(*response);
}

// What has not ended when this returns is cancelled: the client is gone, or one of several choices has failed.
asio::awaitable<Connection::Impl::Next> Connection::Impl::answer_generation(Generation& generation, LiveRequest& live,
                                                                            ClientWatch& watch) {
  if (watch.left()) co_return Next::close;
  const AnswerStream::Config config{.streaming = generation.streaming,
                                    .pending_bytes_max = context.limits.pending_bytes_max,
                                    .load_ns = generation.load_ns};
  Submission submission(live, generation.model.model(), generation.requests);
  AnswerStream answer(stream.get_executor(), std::move(generation.writer), live, context.clocks, config);
  const StreamTable::Registration registration(context.streams, live, answer);
  const Result<void> submitted = submission.submit(std::move(generation.requests));
  if (!submitted) {
    const HttpResponse refused = refusal(generation, api::from_error(submitted.error()));
    watch.stop();
    co_return co_await respond(refused);
  }

  watch.when_left([&] {
    answer.abandon();
    answer.wake();
    stream.cancel();  // what is being written
  });
  const Next next = co_await pump(answer, generation);
  watch.stop();
  co_return watch.left() ? Next::close : next;
}

// Writes the answer as it comes: everything that a step brought in one write.
asio::awaitable<Connection::Impl::Next> Connection::Impl::pump(AnswerStream& answer, const Generation& generation) {
  co_await answer.wait();
  if (answer.given_up()) co_return Next::close;
  if (answer.refusal()) {
    const HttpResponse response = refusal(generation, *answer.refusal());
    co_return co_await respond(response);
  }
  if (!answer.streaming()) {
    HttpResponse response;
    response.content_type = std::string(answer.content_type());
    response.body = answer.take();
    co_return co_await respond(response);
  }

  Headers headers = {{"Cache-Control", "no-cache"}};
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
  Headers headers = response.headers;
  const bool has_length = response.status != 204 && response.status != 304;
  if (has_length) headers.emplace_back("Content-Length", fmt::format("{}", response.body.size()));
  std::string out = head(response.status, response.body.empty() ? "" : response.content_type, headers);
  if (!is_head) out += response.body;
  const bool written = co_await write(out);
  co_return written&& keeps_alive ? Next::keep : Next::close;
}

}  // namespace quire::server
