// Work on the store that several may watch.
#include "server/models/store_jobs.h"

#include <gtest/gtest.h>

#include <functional>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/mailbox.h"

namespace quire::server::test {
namespace {

using store::registry::Hooks;

class StoreJobsTest : public testing::Test {
 protected:
  // Work that begins, and goes on until `go_on_` is closed; `end` is what becomes of it.
  StoreJobs::Work work(std::function<Result<void>(const Hooks&)> end) {
    return [this, end = std::move(end)](const Hooks& hooks) {
      (void)begun_.try_push(1);
      std::vector<int> nothing;
      go_on_.wait_and_take_all(nothing);
      return end(hooks);
    };
  }
  void until_begun() {
    std::vector<int> begun;
    begun_.wait_and_take_all(begun);
  }
  void run_until_none_is_left() {
    while (jobs_->running() > 0) io_.run_one();
  }
  static Result<void> succeed(const Hooks& hooks) {
    hooks.on_progress({.status = "success"});
    return {};
  }

  asio::io_context io_{1};
  const asio::executor_work_guard<asio::io_context::executor_type> guard_ = asio::make_work_guard(io_);
  SteadyClock clock_;
  Mailbox<int> begun_{10};
  Mailbox<int> go_on_{10};
  std::unique_ptr<StoreJobs> jobs_ = std::make_unique<StoreJobs>(io_, clock_);
};

TEST_F(StoreJobsTest, who_asks_for_what_is_done_already_watches_that) {
  const auto first = jobs_->watch({.title = "pull a"}, true, work(succeed));
  const auto second = jobs_->watch({.title = "pull a"}, true, work(succeed));
  EXPECT_EQ(jobs_->running(), 1U);
  go_on_.close();
  run_until_none_is_left();
  for (const auto& stream : {&first, &second}) {
    EXPECT_TRUE((*stream)->ended());
    EXPECT_EQ((*stream)->take(), "{\"status\":\"success\"}\n");
  }
}

TEST_F(StoreJobsTest, who_asks_for_something_else_of_the_same_model_gets_that) {
  const auto refuse = [](const Hooks&) { return Result<void>(fail(ErrorKind::invalid, "no such type")); };
  const auto first = jobs_->watch({.title = "create a", .asked = "1"}, false, work(succeed));
  const auto second = jobs_->watch({.title = "create a", .asked = "2"}, false, work(refuse));
  EXPECT_EQ(jobs_->running(), 2U);
  go_on_.close();
  run_until_none_is_left();
  EXPECT_EQ(first->take(), "{\"status\":\"success\"}\n");
  ASSERT_TRUE(second->refusal());
  EXPECT_EQ(second->refusal()->message, "no such type");
}

TEST_F(StoreJobsTest, work_that_nobody_watches_any_more_is_told_to_stop) {
  Result<void> heard = fail(ErrorKind::internal, "nothing");
  auto first = jobs_->watch({.title = "pull a"}, true, work([&](const Hooks& hooks) {
                              heard = hooks.keep_going() ? Result<void>() : fail(ErrorKind::cancelled, "cancelled");
                              return heard;
                            }));
  until_begun();
  first.reset();
  // What comes now is not served by what is ending.
  const auto second = jobs_->watch({.title = "pull a"}, true, work(succeed));
  EXPECT_EQ(jobs_->running(), 2U);
  go_on_.close();
  run_until_none_is_left();
  ASSERT_FALSE(heard);
  EXPECT_EQ(heard.error().kind, ErrorKind::cancelled);
  EXPECT_EQ(second->take(), "{\"status\":\"success\"}\n");
}

TEST_F(StoreJobsTest, one_whose_last_watcher_leaves_as_it_ends_is_over) {
  auto watcher = jobs_->watch({.title = "pull a"}, true, succeed);
  io_.run_one();  // its progress: the end is on its way
  watcher.reset();
  run_until_none_is_left();
  EXPECT_EQ(jobs_->running(), 0U);
}

TEST_F(StoreJobsTest, what_is_thrown_is_an_error_of_those_who_watch) {
  const auto thrown = jobs_->watch({.title = "pull a"}, false,
                                   [](const Hooks&) -> Result<void> { throw std::runtime_error("no more threads"); });
  const auto no_memory =
      jobs_->watch({.title = "pull b"}, false, [](const Hooks&) -> Result<void> { throw std::bad_alloc(); });
  run_until_none_is_left();
  ASSERT_TRUE(thrown->refusal());
  EXPECT_EQ(thrown->refusal()->message, "no more threads");
  ASSERT_TRUE(no_memory->refusal());
  EXPECT_EQ(no_memory->refusal()->status, 500);
}

TEST_F(StoreJobsTest, a_server_that_stops_says_so_also_to_those_who_come_late) {
  const auto stopped = [](const Hooks& hooks) {
    return hooks.keep_going() ? Result<void>() : Result<void>(fail(ErrorKind::cancelled, "cancelled"));
  };
  const auto before = jobs_->watch({.title = "pull a"}, false, work(stopped));
  until_begun();
  jobs_->stop();
  const auto later = jobs_->watch({.title = "pull b"}, false, stopped);
  go_on_.close();
  run_until_none_is_left();
  for (const auto& stream : {&before, &later}) {
    ASSERT_TRUE((*stream)->refusal());
    EXPECT_EQ((*stream)->refusal()->status, 503);
    EXPECT_EQ((*stream)->refusal()->message, "the server is stopping");
  }
}

}  // namespace
}  // namespace quire::server::test
