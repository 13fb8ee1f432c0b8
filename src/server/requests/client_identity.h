// Who a request is charged to, with what weight, and with whom it shares what was computed.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/http/http.h"

namespace quire::server {

// Who is charged: the API key ("key:" and a fingerprint: a key is never shown), else the name a gateway gives
// ("gateway:NAME", from X-Gateway-Inference-Fairness-Id), else the request's own `user` ("user:NAME"), else the peer's
// address. Long names are cut, with a fingerprint in place of what went.
std::string client_of(const HttpRequest& request, std::string_view user);

struct ClientWeight {
  std::string client;  // as client_of names it, or "key:" and the key itself
  int32_t weight = 1;  // its share beside a client of weight 1
  bool operator==(const ClientWeight&) const = default;
};

// "NAME=W,NAME=W", W from 1 to 1000. Names hold no comma; the last '=' is the one that counts.
Result<std::vector<ClientWeight>> parse_client_weights(std::string_view text);

// Any thread.
class ClientWeights {
 public:
  explicit ClientWeights(std::span<const ClientWeight> weights);
  // 1 for those that were not named.
  int32_t of(const std::string& client) const;

 private:
  std::map<std::string, int32_t> weights_;
};

// A salt's number for Request::cache_salt: 64 bits of its SHA-256, never 0; 0 for no salt. Two salts with one number
// would share blocks: among a million salts the chance of that is 3e-8.
uint64_t salt_number(std::string_view salt);

}  // namespace quire::server
