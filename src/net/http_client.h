// HTTP and HTTPS as a client speaks them, over libcurl: models are pulled and pushed with it, and the command line
// talks to the server.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace quire::net {

struct HttpHeader {
  std::string name;
  std::string value;
};

// Bytes [offset, offset + size_bytes) of an open file, read with pread. The descriptor must stay open for the call.
struct FileRange {
  int descriptor = -1;
  uint64_t offset = 0;
  uint64_t size_bytes = 0;
};

// Asked some twenty times a second while a call runs. False: hang up.
using KeepGoing = std::function<bool()>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http:// or https://
  std::vector<HttpHeader> headers;
  std::variant<std::string, FileRange> body;
  std::function<void(uint64_t sent_bytes)> on_sent = {};  // of the body, as it goes out

  // Redirects that are followed; one more is an error. 0: a redirect is the reply. A follower on another host, port or
  // scheme gets no Authorization header, and https is never left for http.
  int redirects_max = 10;
  bool verifies_tls = true;                  // certificate and host name
  int connect_ms_max = 30'000;               // name lookup, connection, TLS
  int64_t stall_ms_max = 0;                  // without a byte in either direction; 0: no limit
  int64_t total_ms_max = 0;                  // 0: no limit
  size_t body_bytes_max = size_t{16} << 20;  // of a reply's body that is kept in memory
};

struct HttpReply {
  int status = 0;
  std::vector<HttpHeader> headers;  // of the last hop
  std::string body;                 // without what went to a sink
  std::string url;                  // after redirects
  int64_t retry_after_s = 0;        // of the header Retry-After: seconds, or a date as seconds from now

  // The value of a header, in whatever case its name is written; empty when it is not there.
  std::string_view header(std::string_view name) const;
  bool ok() const { return status >= 200 && status < 300; }
};

// A piece of the body of a reply with a status of 2xx; `head` has no body. False: hang up. Other bodies are in their
// reply.
using BodySink = std::function<bool(const HttpReply& head, std::string_view bytes)>;

// One line of a body, without its line break. False: hang up.
using LineSink = std::function<bool(std::string_view line)>;

// Calls that are under way at the same time on one thread, the owner's. Connections are kept and used again.
// The environment's proxies are used (http_proxy, https_proxy, no_proxy), but never to reach this machine itself; so
// are SSL_CERT_FILE and SSL_CERT_DIR.
//
// Errors: ErrorKind::io when the network failed (trying again may help), ErrorKind::invalid for an address that cannot
// be understood and a certificate that is refused, ErrorKind::cancelled after a hang-up of this side,
// ErrorKind::too_large over body_bytes_max, and for headers without end. Any status is a reply.
class HttpTransfers {
 public:
  using Id = uint64_t;
  struct Finished {
    Id id = 0;
    Result<HttpReply> reply;
  };

  HttpTransfers();
  ~HttpTransfers();
  HttpTransfers(const HttpTransfers&) = delete;
  HttpTransfers& operator=(const HttpTransfers&) = delete;

  // The sink is called from wait(). Empty: the body is kept in the reply.
  Id start(HttpRequest request, BodySink sink = {});
  // It ends without being reported, its connection is closed.
  void stop(Id id);
  size_t running() const;
  // Moves bytes until something has finished or `timeout_ms` have passed. REQUIRES: not called from a sink.
  std::vector<Finished> wait(int timeout_ms);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One call after another; blocks. One thread.
class HttpClient {
 public:
  // The whole body in memory.
  Result<HttpReply> send(HttpRequest request, const KeepGoing& keep_going = {});
  Result<HttpReply> stream(HttpRequest request, BodySink sink, const KeepGoing& keep_going = {});
  // The body of a 2xx reply, line by line as the lines arrive. A line of more than `request.body_bytes_max` bytes is
  // ErrorKind::too_large.
  Result<HttpReply> stream_lines(HttpRequest request, const LineSink& on_line, const KeepGoing& keep_going = {});

 private:
  HttpTransfers transfers_;
};

}  // namespace quire::net
