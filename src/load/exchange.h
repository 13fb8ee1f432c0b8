// One HTTP call on a connection of its own, as a coroutine: what both the command line's client and the load generator
// are made of.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <string_view>

#include "base/function_ref.h"
#include "load/http_client.h"

namespace quire::load {

// How an answer is read.
struct ReadPace {
  size_t read_bytes = 16 * 1024;  // at once
  int pause_ms = 0;               // between two reads: a slow reader, who also has a small receive buffer
};

// Lives as long as its coroutines; borrows the endpoint and the call. One thread: the io context's.
class Exchange {
 public:
  // More of an answer. False: enough.
  using OnLine = FunctionRef<bool(std::string_view line)>;

  // `timeout_ms` counts from send() to the end of the answer; 0: no limit.
  Exchange(boost::asio::io_context& io, const HttpEndpoint& endpoint, const HttpCall& call, int timeout_ms,
           ReadPace pace = {});

  // Connects and writes the request. False: reply.error says why not.
  boost::asio::awaitable<bool> send(HttpReply& reply);
  // Reads the answer and closes. on_line is null where the whole body is wanted.
  boost::asio::awaitable<void> receive(const OnLine* on_line, HttpReply& reply);

  // Closes the connection: what is in progress ends, with reply.hung_up.
  void hang_up();

 private:
  boost::asio::awaitable<bool> read_answer(const OnLine* on_line, HttpReply& reply, boost::system::error_code& error);
  void note(const boost::system::error_code& error, HttpReply& reply) const;

  const HttpEndpoint& endpoint_;
  const HttpCall& call_;
  const int timeout_ms_;
  const ReadPace pace_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer received_;
  bool hung_up_ = false;
};

}  // namespace quire::load
