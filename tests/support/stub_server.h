// A server that answers as fast as it is told to, in both dialects: what a load generator is measured against.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

namespace quire::test {

struct StubOptions {
  int64_t first_ns = 0;                          // from a request until the first token
  int64_t gap_ns = 0;                            // from one token to the next
  int32_t running_max = 1 << 30;                 // more requests get 503
  int64_t stall_from_ns = -1, stall_to_ns = -1;  // since the server's start: first tokens that fall between wait
  bool ollama = true;                            // else OpenAI's dialect alone
  bool differs_in_company = false;               // an answer that has company says something else
  bool breaks_off = false;                       // closes in the middle of each answer
  bool says_cached = false;                      // that a chat's prompt was cached up to its last message
  std::string model = "stub";                    // any other is 404
};

// A thread of its own. A word of a prompt is a token; the answer repeats the prompt's last words.
class StubServer {
 public:
  explicit StubServer(StubOptions options);
  ~StubServer();
  std::string url() const;
  // The Priority headers and the bodies of the requests for tokens, in order.
  std::vector<std::pair<std::string, nlohmann::json>> asked() const;
  int hung_up() const;

 private:
  class Serving;
  std::unique_ptr<Serving> serving_;
};

}  // namespace quire::test
