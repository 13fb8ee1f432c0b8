// What each client was served, band by band: the virtual token counters of fair queueing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/limits.h"
#include "core/request.h"

namespace quire {

// Service is counted in units of a millionth of a prompt token: whole numbers for every weight.
constexpr int64_t service_token = 1'000'000;
constexpr int64_t generated_token_cost = 2;  // a generated token costs as much as two of a prompt
constexpr int32_t client_weight_max = 1000;

// One client in one band. Owned by the ledger, which never moves one that is in use.
struct ClientAccount {
  std::string client;
  uint8_t band = 0;
  int32_t weight = 1;     // in [1, client_weight_max]
  int64_t consumed = 0;   // service for what was computed; lifted when the client becomes active
  int64_t promised = 0;   // prompt tokens of started sequences that are still to be computed
  int32_t waiting = 0;    // sequences in the queue
  int32_t sequences = 0;  // of any state
  int64_t used = 0;       // the ledger's count when it was last asked for

  // What so many prompt tokens count as.
  int64_t cost(int64_t tokens) const { return tokens * service_token / weight; }
  // What decides whose turn it is: a start counts at once, so that one client cannot take every seat of a step.
  int64_t service() const { return consumed + cost(promised); }
};

// Virtual token counters (Sheng et al., OSDI'24): the client with the smallest counter goes first, a client that
// becomes active is lifted to the smallest counter of those that wait, so that idleness earns nothing; where none waits,
// to the largest of all.
// The bound, between clients that both have waiting requests in one band: services differ by at most bound().
// Engine thread only.
// Invariant: consumed never falls; promised is the sum over started sequences of what their prompts still cost.
class ClientLedger {
 public:
  // At most accounts_max idle clients are remembered. REQUIRES: accounts_max >= 1.
  explicit ClientLedger(int32_t accounts_max) : accounts_max_(accounts_max) {}

  // The account of a sequence that enters the queue.
  ClientAccount& enter_queue(const std::string& client, uint8_t band, int32_t weight);
  // The sequence starts, with so many prompt tokens to compute, or ends while it waits (with none).
  void leave_queue(ClientAccount& account, int64_t prompt_tokens);
  // So many promised prompt tokens are settled; `computed` of them by computing, the rest by a gift or an end.
  void settle(ClientAccount& account, int64_t prompt_tokens, int64_t computed);
  void generated(ClientAccount& account, int64_t tokens) {
    account.consumed += account.cost(generated_token_cost * tokens);
  }
  void end(ClientAccount& account) { --account.sequences; }

  // How far services of two clients that both wait may be apart by so many tokens: U in docs/scheduling.md has those
  // that the pool holds, and no prompt is longer.
  int64_t bound(int64_t tokens) const { return generated_token_cost * tokens * service_token / weight_min_; }

  const std::unordered_map<std::string, std::unique_ptr<ClientAccount>>& accounts() const { return accounts_; }

 private:
  void lift(ClientAccount& account);
  void forget_idle();

  const int32_t accounts_max_;
  std::unordered_map<std::string, std::unique_ptr<ClientAccount>> accounts_;  // by band and client
  int32_t weight_min_ = client_weight_max;   // of all clients there ever were
  int64_t uses_ = 0;
};

}  // namespace quire
