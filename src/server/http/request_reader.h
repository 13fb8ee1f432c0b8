// Requests off one connection, one after another: heads and bodies within their bounds.
#pragma once

#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <cstddef>
#include <optional>
#include <string>

#include "server/http/body_reader.h"
#include "server/http/connection_limits.h"
#include "server/http/http.h"

namespace quire::server {

// Bytes of bodies that all connections together are receiving or working on. The io thread only.
struct BodyBudget {
  size_t bytes_max = 0;
  size_t bytes = 0;
};

// The io thread only. Order of calls: wait_for_request, read_head, read_body or read_some as long as wanted, release.
class RequestReader final : public BodyReader {
 public:
  // Borrows all of it for its life.
  RequestReader(boost::beast::tcp_stream& stream, const ConnectionLimits& limits, BodyBudget& budget)
      : stream_(stream), limits_(limits), budget_(budget), buffer_(buffer_bytes_max(limits)) {}
  ~RequestReader() override { release(); }
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Until the first byte of a request is there; false when none comes.
  asio::awaitable<bool> wait_for_request();
  // Everything of the request but its body. Also after a failure the path is known as far as it was read.
  asio::awaitable<std::optional<ReadFailure>> read_head(HttpRequest& request);
  // The whole body, unpacked on `pool` where it is compressed.
  asio::awaitable<std::optional<ReadFailure>> read_body(HttpRequest& request, asio::thread_pool& pool);
  asio::awaitable<std::optional<ReadFailure>> read_some(std::string& out) override;
  bool done() const override { return !parser_ || parser_->is_done(); }
  // Gives back what its body took of the budget.
  void release();

  // Of the request whose head was read: HTTP/1.1, and whether its client wants the connection to stay.
  bool is_http_1_1() const { return parser_ && parser_->get().version() >= 11; }
  bool keep_alive() const { return parser_ && parser_->get().keep_alive(); }
  // The last failure was that other connections' bodies leave no room.
  bool over_budget() const { return over_budget_; }

  // Bytes of the next requests that have come already.
  boost::beast::flat_buffer& buffer() { return buffer_; }

 private:
  static constexpr size_t piece_bytes = 64 << 10;
  // A head, or what belongs to the next requests, and a piece of a body: a client that never ends the line of a chunk's
  // size, or a body's trailer, gets no further.
  static size_t buffer_bytes_max(const ConnectionLimits& limits) {
    return limits.header_bytes_max + limits.pipelined_bytes_max + piece_bytes;
  }
  bool reserve(size_t bytes);
  std::optional<ReadFailure> no_room();
  std::optional<ReadFailure> failure_of(const boost::system::error_code& error) const;
  asio::awaitable<std::optional<ReadFailure>> answer_expectation();
  asio::awaitable<std::optional<ReadFailure>> read_piece(std::string& out);
  asio::awaitable<std::optional<ReadFailure>> unpack(HttpRequest& request, asio::thread_pool& pool);

  boost::beast::tcp_stream& stream_;
  const ConnectionLimits& limits_;
  BodyBudget& budget_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::buffer_body>> parser_;
  std::array<char, piece_bytes> piece_;  // of a body, between the socket and whoever reads it
  size_t reserved_ = 0;
  bool over_budget_ = false;
  bool expectation_answered_ = false;
};

}  // namespace quire::server
