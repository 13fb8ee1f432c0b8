// The names of Boost.Asio that the io side uses. Include in .cpp files and in headers that only those include.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/insist.h"

namespace quire::server {

namespace asio = boost::asio;

// Operations give (error, result) instead of throwing.
inline constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

// Has a thread of `context` (or of an executor) call `work` later, even when there is no memory now. `work` is copied;
// what it points to must live until then.
template <typename Context, typename Work>
void post_surely(Context&& context, const Work& work) {
  insist([&] { asio::post(context, Work(work)); });
}

// Runs `work()` on the pool (or on an executor of one) and comes back to the caller's thread with what it returned or
// threw. Once the work has begun nothing can keep the caller waiting: whatever is short, its thread hears of the end.
template <typename Pool, typename Work>
asio::awaitable<std::invoke_result_t<Work&>> on_pool(Pool& pool, Work work) {
  std::optional<std::invoke_result_t<Work&>> value;
  std::exception_ptr failure;
  const auto initiate = [&](auto handler) {
    const auto executor = asio::get_associated_executor(handler);
    // Both threads hold it: the caller's thread calls the handler while the pool's may not have let go.
    struct Return {
      decltype(handler) resume;
      decltype(asio::make_work_guard(executor)) work;
    };
    const auto back = std::make_shared<Return>(Return{std::move(handler), asio::make_work_guard(executor)});
    asio::post(pool, [&value, &failure, &work, executor, back] {
      try {
        value.emplace(work());
      } catch (...) {
        failure = std::current_exception();
      }
      post_surely(executor, [back] {
        auto resume = std::move(back->resume);
        back->work.reset();
        resume();
      });
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(initiate, asio::use_awaitable);
  if (failure) std::rethrow_exception(failure);
  co_return std::move(*value);
}

// Coroutines of one thread wait here until somebody says that there is news.
class Signal {
 public:
  explicit Signal(const asio::any_io_executor& executor) : timer_(executor, asio::steady_timer::time_point::max()) {}

  // Wakes all that wait now. The news must be where they look: a wake that nobody waits for is lost.
  void wake() { timer_.cancel(); }
  asio::awaitable<void> wait() { (void)co_await timer_.async_wait(use_tuple); }

 private:
  asio::steady_timer timer_;
};

}  // namespace quire::server
