#include "sched/client_ledger.h"

#include <gtest/gtest.h>

namespace quire::test {
namespace {

TEST(ClientLedger, a_client_pays_for_prompt_tokens_once_and_twice_for_generated_ones_by_its_weight) {
  ClientLedger ledger(8);
  ClientAccount& account = ledger.enter_queue("a", 3, 4);
  ledger.leave_queue(account, 100);
  EXPECT_EQ(account.consumed, 0);
  EXPECT_EQ(account.service(), 25 * service_token) << "a start counts at once";
  ledger.settle(account, 40, 0);  // came from another one's blocks
  ledger.settle(account, 60, 60);
  ledger.generated(account, 1);
  EXPECT_EQ(account.promised, 0);
  EXPECT_EQ(account.consumed, 15 * service_token + service_token / 2);
  ledger.generated(account, 3);
  EXPECT_EQ(account.consumed, 17 * service_token);
}

TEST(ClientLedger, a_client_that_becomes_active_is_lifted_to_the_smallest_that_waits) {
  ClientLedger ledger(8);
  ClientAccount& a = ledger.enter_queue("a", 3, 1);
  ClientAccount& b = ledger.enter_queue("b", 3, 1);
  a.consumed = 500;
  b.consumed = 300;
  EXPECT_EQ(ledger.enter_queue("c", 3, 1).consumed, 300) << "idleness earns nothing";
  EXPECT_EQ(ledger.enter_queue("c", 2, 1).consumed, 0) << "bands count apart";
  EXPECT_EQ(ledger.enter_queue("a", 3, 1).consumed, 500) << "one that waits already is not lifted";
}

TEST(ClientLedger, in_an_empty_queue_a_client_is_lifted_to_the_largest) {
  ClientLedger ledger(8);
  ClientAccount& a = ledger.enter_queue("a", 3, 1);
  ClientAccount& b = ledger.enter_queue("b", 3, 1);
  ledger.leave_queue(a, 70);
  ledger.leave_queue(b, 10);
  ledger.generated(a, 20);  // while nobody waits
  EXPECT_EQ(ledger.enter_queue("b", 3, 1).service(), 110 * service_token) << "b had all that it wanted";
  EXPECT_EQ(ledger.enter_queue("a", 3, 1).service(), 110 * service_token) << "so a owes it nothing";
  EXPECT_EQ(ledger.enter_queue("c", 2, 1).service(), 0) << "bands count apart";
}

TEST(ClientLedger, idle_clients_are_forgotten_beyond_the_limit_and_busy_ones_never) {
  ClientLedger ledger(4);
  ClientAccount& busy = ledger.enter_queue("busy", 3, 1);
  for (int index = 0; index < 100; ++index) {
    ClientAccount& guest = ledger.enter_queue("guest" + std::to_string(index), 3, 1);
    ledger.leave_queue(guest, 0);
    ledger.end(guest);
  }
  EXPECT_LE(ledger.accounts().size(), 5U);
  EXPECT_EQ(&ledger.enter_queue("busy", 3, 1), &busy);
  EXPECT_EQ(busy.sequences, 2);
}

TEST(ClientLedger, the_bound_is_twice_the_pool_by_the_smallest_weight) {
  ClientLedger ledger(8);
  ledger.enter_queue("a", 3, 10);
  EXPECT_EQ(ledger.bound(1000), 200 * service_token);
  ledger.enter_queue("b", 3, 2);
  EXPECT_EQ(ledger.bound(1000), 1000 * service_token);
}

}  // namespace
}  // namespace quire::test
