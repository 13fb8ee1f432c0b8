// HTTP as a client of quire's own API needs it: many streaming requests at once from one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"

namespace quire::load {

struct HttpEndpoint {
  std::string host = "127.0.0.1";
  uint16_t port = 11434;
};

// An address as OLLAMA_HOST has it (base/host_port.h); what is absent is the default's. https and a path are refused.
Result<HttpEndpoint> parse_endpoint(std::string_view text);

struct HttpCall {
  std::string method = "GET";
  std::string target = "/";
  std::string body;  // sent as application/json when it is not empty
  std::vector<std::pair<std::string, std::string>> headers = {};
};

struct HttpReply {
  int status = 0;
  std::string body;            // the lines of a streamed 200 reply are not kept here
  std::optional<Error> error;  // the connection failed or ended in the middle
  bool hung_up = false;        // this side had enough
  bool timed_out = false;
};

// More of an answer. False: hang up, which cancels the request at the server.
using LineHandler = FunctionRef<bool(size_t call, std::string_view line)>;

// Asked some twenty times a second while streams are open. False: hang up on all of them.
using KeepGoing = FunctionRef<bool()>;

// Sends every call at once, a connection each, and returns when all have ended. Lines of a reply with status 200 are
// handed over as they arrive, without their line break; any other reply's body is in its HttpReply.
// Blocks; both functions are called on the calling thread.
std::vector<HttpReply> http_stream(const HttpEndpoint& endpoint, std::span<const HttpCall> calls, LineHandler on_line,
                                   KeepGoing keep_going);
std::vector<HttpReply> http_stream(const HttpEndpoint& endpoint, std::span<const HttpCall> calls, LineHandler on_line);

// One streaming call with a limit on its time; 0: none.
HttpReply http_stream_within(const HttpEndpoint& endpoint, const HttpCall& call, LineHandler on_line, int timeout_ms);

// One call whose whole body is wanted, within `timeout_ms` (0: no limit). An error when the server cannot be reached
// or does not speak HTTP; any status is a reply.
Result<HttpReply> http_request(const HttpEndpoint& endpoint, const HttpCall& call, int timeout_ms = 0);

// A quire or Ollama answers there.
bool server_answers(const HttpEndpoint& endpoint);

}  // namespace quire::load
