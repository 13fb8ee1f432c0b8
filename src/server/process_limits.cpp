#include "server/process_limits.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <exception>
#include <thread>
#include <vector>

namespace quire::server {

size_t raise_file_limit() {
  rlimit limit{.rlim_cur = 1024, .rlim_max = 1024};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

size_t default_connections_max(int32_t queue_max, size_t files) {
  constexpr size_t crowd = 4096;
  constexpr size_t own_files = 256 + 64;  // refused connections that linger, and all else
  return std::clamp<size_t>(files - std::min(files, own_files), 64, static_cast<size_t>(queue_max) + crowd);
}

Result<void> try_threads(int count) {
  std::vector<std::jthread> threads;
  try {
    for (int index = 0; index < count; ++index) {
      threads.emplace_back([](const std::stop_token& stop) {
        while (!stop.stop_requested()) std::this_thread::yield();
      });
    }
  } catch (const std::exception& error) {
    return fail(ErrorKind::io, fmt::format("cannot start a thread: {}", error.what()));
  }
  return {};
}

}  // namespace quire::server
