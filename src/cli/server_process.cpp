#include "cli/server_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>
#include <thread>

#include "base/clock.h"
#include "cli/text_table.h"

namespace quire::cli {
namespace {

constexpr auto poll_period = std::chrono::milliseconds(20);
constexpr std::string_view listening = "listens on ";

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// In the child, between fork and exec: only what may be called there.
[[noreturn]] void become_server(const char* program, const std::vector<char*>& arguments, int log, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  ::setpgid(0, 0);  // Ctrl-C on the terminal is for the one who watches
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execv(program, arguments.data());
  ::_exit(127);
}

}  // namespace

Result<ServerProcess> ServerProcess::start(const Options& options) {
  const int log = ::open(options.log_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (log < 0) {
    return fail(ErrorKind::io,
                fmt::format("cannot write {}: {}", options.log_file, std::generic_category().message(errno)));
  }
  for (const auto& [name, value] : options.environment) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<std::string> words = {"quire", "serve", "--host", "127.0.0.1", "--port", "0", "--model", options.model};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become_server(options.program.c_str(), arguments, log, parent);
  ::close(log);
  if (pid < 0)
    return fail(ErrorKind::io, fmt::format("cannot start a process: {}", std::generic_category().message(errno)));
  ServerProcess process(pid, options.log_file);
  const SteadyClock clock;
  for (const int64_t until_ns = clock.now_ns() + options.start_timeout_ns; clock.now_ns() < until_ns;) {
    const std::string text = text_of(options.log_file);
    const size_t at = text.find(listening);
    if (at != std::string::npos && text.find('\n', at) != std::string::npos) {
      const size_t begin = at + listening.size();
      QUIRE_TRY(process.endpoint_, load::parse_endpoint(text.substr(begin, text.find('\n', begin) - begin)));
      return process;
    }
    if (const auto how = process.ended()) {
      return fail(ErrorKind::io, fmt::format("the server {} at its start: {}", *how, process.last_words()));
    }
    std::this_thread::sleep_for(poll_period);
  }
  return fail(ErrorKind::io, fmt::format("the server does not listen after its start: {}", process.last_words()));
}

ServerProcess::ServerProcess(ServerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      log_file_(std::move(other.log_file_)),
      status_(other.status_),
      endpoint_(std::move(other.endpoint_)) {}

ServerProcess::~ServerProcess() {
  if (pid_ < 0 || status_) return;
  ::kill(pid_, SIGKILL);
  reap(0);
}

bool ServerProcess::reap(int options) {
  int status = 0;
  if (!status_ && ::waitpid(pid_, &status, options) == pid_) status_ = status;
  return status_.has_value();
}

std::optional<std::string> ServerProcess::ended(int64_t patience_ns) {
  const SteadyClock clock;
  for (const int64_t until_ns = clock.now_ns() + patience_ns; !reap(WNOHANG);) {
    if (clock.now_ns() >= until_ns) return std::nullopt;
    std::this_thread::sleep_for(poll_period);
  }
  if (WIFSIGNALED(*status_)) return fmt::format("was killed by signal {}", WTERMSIG(*status_));
  return fmt::format("exited with status {}", WEXITSTATUS(*status_));
}

Result<void> ServerProcess::stop(int64_t timeout_ns) {
  if (!reap(WNOHANG)) ::kill(pid_, SIGTERM);
  const SteadyClock clock;
  const int64_t until_ns = clock.now_ns() + timeout_ns;
  while (!reap(WNOHANG)) {
    if (clock.now_ns() > until_ns) {
      return fail(ErrorKind::internal,
                  fmt::format("the server still runs {:.0f} s after SIGTERM", static_cast<double>(timeout_ns) / 1e9));
    }
    std::this_thread::sleep_for(poll_period);
  }
  if (WIFEXITED(*status_) && WEXITSTATUS(*status_) == 0) return {};
  return fail(ErrorKind::internal, fmt::format("the server {}: {}", *ended(), last_words()));
}

std::string ServerProcess::last_words() const {
  constexpr size_t shown = 300;
  return one_line_tail(text_of(log_file_), shown);
}

uint64_t resident_bytes(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/statm", pid));
  uint64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace quire::cli
