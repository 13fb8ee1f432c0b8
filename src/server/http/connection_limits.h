// Bounds on what clients can cost.
#pragma once

#include <cstddef>
#include <cstdint>

namespace quire::server {

struct ConnectionLimits {
  size_t header_bytes_max = 64 << 10;
  size_t body_bytes_max = 64 << 20;
  size_t bodies_bytes_max = 256 << 20;    // of all connections together
  size_t pending_bytes_max = 1 << 20;     // text that waits for a slow reader
  size_t pipelined_bytes_max = 64 << 10;  // of the next requests, read while an answer runs
  int64_t idle_ns = 120'000'000'000;      // between two requests
  int64_t header_ns = 15'000'000'000;     // from a request's first byte to the end of its headers
  int64_t body_ns = 120'000'000'000;      // from there to the end of the body
  int64_t write_ns = 30'000'000'000;      // for a client to take some of an answer
  int64_t linger_ns = 2'000'000'000;      // to read what a refused client still sends, so that it sees the answer
  size_t connections_max = 0;             // more are told 503; 0: the queue's bound and 4,096
};

}  // namespace quire::server
