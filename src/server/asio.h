// The names of Boost.Asio that the io side uses. Include in .cpp files and in headers that only those include.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <type_traits>
#include <utility>

namespace quire::server {

namespace asio = boost::asio;

// Operations give (error, result) instead of throwing.
inline constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

// Runs `work()` on the pool and comes back to the caller's thread with what it returned, which must have a default.
template <typename Work>
asio::awaitable<std::invoke_result_t<Work&>> on_pool(asio::thread_pool& pool, Work work) {
  using Value = std::invoke_result_t<Work&>;
  co_return co_await asio::co_spawn(
      pool, [](Work task) -> asio::awaitable<Value> { co_return task(); }(std::move(work)), asio::use_awaitable);
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
