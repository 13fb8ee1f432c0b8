#include "base/mailbox.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace quire {
namespace {

TEST(Mailbox, a_full_mailbox_refuses_and_leaves_the_value_untouched) {
  Mailbox<std::unique_ptr<int>> mailbox(1);
  EXPECT_TRUE(mailbox.try_push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(mailbox.try_push(std::move(second)));
  ASSERT_TRUE(second);
  EXPECT_EQ(*second, 2);
}

TEST(Mailbox, a_sender_that_leaves_places_free_is_refused_first) {
  Mailbox<int> mailbox(3);
  EXPECT_TRUE(mailbox.try_push(1, 2));
  EXPECT_FALSE(mailbox.try_push(2, 2));
  EXPECT_TRUE(mailbox.try_push(3));
  EXPECT_TRUE(mailbox.try_push(4));
  EXPECT_FALSE(mailbox.try_push(5));
}

TEST(Mailbox, values_come_out_in_the_order_they_went_in) {
  Mailbox<int> mailbox(8);
  for (int value = 0; value < 5; ++value) EXPECT_TRUE(mailbox.try_push(int{value}));
  std::vector<int> out = {-1};
  EXPECT_TRUE(mailbox.take_all(out));
  EXPECT_EQ(out, (std::vector<int>{-1, 0, 1, 2, 3, 4}));
}

TEST(Mailbox, a_closed_mailbox_gives_what_it_holds_and_then_ends) {
  Mailbox<int> mailbox(8);
  EXPECT_TRUE(mailbox.try_push(1));
  mailbox.close();
  EXPECT_FALSE(mailbox.try_push(2));
  std::vector<int> out;
  EXPECT_TRUE(mailbox.wait_and_take_all(out));
  EXPECT_EQ(out, std::vector<int>{1});
  EXPECT_FALSE(mailbox.wait_and_take_all(out));
  EXPECT_FALSE(mailbox.take_all(out));
}

TEST(Mailbox, nothing_is_lost_between_threads) {
  constexpr int senders = 4;
  constexpr int values = 2000;
  Mailbox<int> mailbox(64);
  std::vector<std::thread> threads;
  for (int sender = 0; sender < senders; ++sender) {
    threads.emplace_back([&, sender] {
      for (int value = 0; value < values; ++value) {
        while (!mailbox.try_push(sender * values + value)) std::this_thread::yield();
      }
    });
  }
  std::vector<int> out;
  while (out.size() < senders * values) mailbox.wait_and_take_all(out);
  for (std::thread& thread : threads) thread.join();
  std::vector<int> last(senders, -1);
  for (int value : out) {
    EXPECT_GT(value, last[static_cast<size_t>(value / values)]);  // each sender's own order is kept
    last[static_cast<size_t>(value / values)] = value;
  }
}

}  // namespace
}  // namespace quire
