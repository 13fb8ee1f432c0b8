#include "sched/client_ledger.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace quire {

ClientAccount& ClientLedger::enter_queue(const std::string& client, uint8_t band, int32_t weight) {
  QUIRE_CHECK(band < band_count, "a band is one of eight");
  if (static_cast<int32_t>(accounts_.size()) >= accounts_max_) forget_idle();
  std::unique_ptr<ClientAccount>& slot = accounts_[static_cast<char>('0' + band) + client];
  if (!slot) slot = std::make_unique<ClientAccount>(ClientAccount{.client = client, .band = band});
  ClientAccount& account = *slot;
  account.weight = std::clamp(weight, 1, client_weight_max);
  weight_min_ = std::min(weight_min_, account.weight);
  account.used = ++uses_;
  if (account.waiting == 0) lift(account);
  ++account.waiting;
  ++account.sequences;
  return account;
}

// To the smallest service of those that wait in the band. Where none does, all had what they wanted: to the largest that
// there is, so that what one of them has made of an idle machine is not held against it now.
void ClientLedger::lift(ClientAccount& account) {
  constexpr int64_t none = std::numeric_limits<int64_t>::max();
  int64_t smallest_waiting = none, largest = 0;
  for (const auto& [name, other] : accounts_) {
    if (other->band != account.band) continue;
    largest = std::max(largest, other->service());
    if (other->waiting > 0) smallest_waiting = std::min(smallest_waiting, other->service());
  }
  const int64_t least = smallest_waiting == none ? largest : smallest_waiting;
  account.consumed += std::max<int64_t>(0, least - account.service());
}

void ClientLedger::leave_queue(ClientAccount& account, int64_t prompt_tokens) {
  QUIRE_CHECK(account.waiting > 0, "it waits");
  account.promised += prompt_tokens;
  --account.waiting;
}

void ClientLedger::settle(ClientAccount& account, int64_t prompt_tokens, int64_t computed) {
  account.promised -= prompt_tokens;
  account.consumed += account.cost(computed);
  QUIRE_CHECK(account.promised >= 0 && computed <= prompt_tokens, "only what was promised is settled");
}

// The half of the idle ones that were not asked for the longest. An account that comes back is lifted like a new one.
void ClientLedger::forget_idle() {
  std::vector<int64_t> idle;
  for (const auto& [name, account] : accounts_) {
    if (account->sequences == 0) idle.push_back(account->used);
  }
  if (idle.empty()) return;
  const auto middle = idle.begin() + std::ssize(idle) / 2;
  std::ranges::nth_element(idle, middle);
  std::erase_if(accounts_,
                [&](const auto& item) { return item.second->sequences == 0 && item.second->used <= *middle; });
}

}  // namespace quire
