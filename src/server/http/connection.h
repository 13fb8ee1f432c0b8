// One client's connection: HTTP/1.1 requests, one after another.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "server/asio.h"
#include "server/http/connection_limits.h"
#include "server/http/request_reader.h"
#include "server/observe/event_log.h"
#include "server/requests/answer_stream.h"
#include "server/requests/request_record.h"
#include "server/routes/service.h"

namespace quire::server {

// What the connections share. The io thread only.
struct ConnectionContext {
  Service& service;
  asio::thread_pool& intake;
  StreamTable& streams;
  LiveRequests& requests;
  Clocks clocks;
  ServerCounts& counts;
  const EventLog& log;
  ConnectionLimits limits;
  std::vector<std::string> origins;  // allowed beside the local ones
  bool checks_host = true;           // bound to a loopback address
  std::string host_name;
  BodyBudget bodies = {};
  bool stopping = false;  // no further request on any connection
};

// The io thread only.
class Connection {
 public:
  // The context must outlive it.
  Connection(asio::ip::tcp::socket socket, ConnectionContext& context);
  ~Connection();

  // Until the client leaves, an error, or the server's stop.
  asio::awaitable<void> run();
  // Closes the socket when nothing is being answered; else the answer in progress is the last.
  void stop();
  // Closes the socket now; an answer in progress is cancelled.
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quire::server
