#include "cli/bench/server_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <thread>

#include "base/clock.h"
#include "cli/terminal/human.h"

namespace quire::cli {
namespace {

constexpr auto poll_period = std::chrono::milliseconds(20);
constexpr std::string_view listening = "listens on ";

std::string text_of(int file) {
  std::string text;
  char part[4096];
  for (ssize_t count; (count = ::pread(file, part, sizeof(part), static_cast<off_t>(text.size()))) > 0;) {
    text.append(part, static_cast<size_t>(count));
  }
  return text;
}

int open_log(const std::string& path) {
  if (path.empty()) return ::memfd_create("log", MFD_CLOEXEC);
  return ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
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

Result<ServerProcess> ServerProcess::spawn(const Options& options) {
  const int log = open_log(options.log_file);
  if (log < 0) {
    return fail(ErrorKind::io,
                fmt::format("cannot write {}: {}", options.log_file, std::generic_category().message(errno)));
  }
  for (const auto& [name, value] : options.environment) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<std::string> words = {"quire", "serve", "--host", "127.0.0.1", "--port", "0", "--model", options.model};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become_server(options.program.c_str(), arguments, log, parent);
  ServerProcess process(pid, log);
  if (pid < 0) {
    return fail(ErrorKind::io, fmt::format("cannot start a process: {}", std::generic_category().message(errno)));
  }
  return process;
}

Result<void> ServerProcess::listen(int64_t timeout_ns, const std::function<bool()>& goes_on) {
  const SteadyClock clock;
  for (const int64_t until_ns = clock.now_ns() + timeout_ns; clock.now_ns() < until_ns;) {
    if (goes_on && !goes_on()) return fail(ErrorKind::cancelled, "interrupted");
    const std::string text = text_of(log_);
    const size_t at = text.find(listening);
    if (at != std::string::npos && text.find('\n', at) != std::string::npos) {
      const size_t begin = at + listening.size();
      QUIRE_TRY(endpoint_, load::parse_endpoint(text.substr(begin, text.find('\n', begin) - begin)));
      return {};
    }
    if (const auto how = ended()) {
      return fail(ErrorKind::io, fmt::format("the server {} at its start: {}", *how, last_words()));
    }
    std::this_thread::sleep_for(poll_period);
  }
  return fail(ErrorKind::io, fmt::format("the server does not listen after its start: {}", last_words()));
}

Result<ServerProcess> ServerProcess::start(const Options& options) {
  QUIRE_TRY(ServerProcess process, spawn(options));
  QUIRE_TRY_VOID(process.listen());
  return process;
}

ServerProcess::ServerProcess(ServerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      log_(std::exchange(other.log_, -1)),
      status_(other.status_),
      endpoint_(std::move(other.endpoint_)) {}

ServerProcess::~ServerProcess() {
  if (pid_ >= 0 && !status_) {
    ::kill(pid_, SIGKILL);
    reap(0);
  }
  if (log_ >= 0) ::close(log_);
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
  return one_line_tail(text_of(log_), shown);
}

}  // namespace quire::cli
