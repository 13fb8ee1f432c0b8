#include "cli/child_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace quire::cli {
namespace {

constexpr int poll_ms = 50;
constexpr int end_polls_max = 100;  // five seconds for an orderly end

// In the child, between fork and exec: only what is allowed there. Does not return.
[[noreturn]] void become(const char* program, char* const* arguments, int output, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody is left behind, whatever happens to the parent
  if (::getppid() != parent) ::_exit(127);
  ::setpgid(0, 0);  // Ctrl-C is for the parent, who ends it
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execv(program, arguments);
  ::_exit(127);
}

// The number after each line's `label`, of the lines that have it.
int64_t sum_of(const std::filesystem::path& path, std::string_view label) {
  std::ifstream in(path);
  int64_t sum = 0;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(label)) continue;
    sum += std::strtoll(line.c_str() + label.size(), nullptr, 10);
  }
  return sum;
}

}  // namespace

Result<ChildServer> ChildServer::start(const Options& options) {
  std::error_code error;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) return fail(ErrorKind::io, fmt::format("cannot find this program's file: {}", error.message()));
  std::vector<std::string> words = {program,  "serve", "--host",  "127.0.0.1",
                                    "--port", "0",     "--model", "model=" + options.model};
  if (options.threads) words.insert(words.end(), {"--threads", fmt::to_string(*options.threads)});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(ErrorKind::io, "cannot make a pipe");
  // The environment is inherited; this program has one thread now, so it may be changed.
  ::setenv("QUIRE_NUM_PARALLEL", fmt::to_string(options.parallel_max).c_str(), 1);
  ::setenv("QUIRE_KEEP_ALIVE", "-1", 1);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(program.c_str(), arguments.data(), ends[1], parent);
  ::close(ends[1]);
  if (pid < 0) {
    ::close(ends[0]);
    return fail(ErrorKind::io, fmt::format("cannot start a process: {}", std::generic_category().message(errno)));
  }
  return ChildServer(pid, ends[0]);
}

ChildServer::ChildServer(ChildServer&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), output_(std::exchange(other.output_, -1)), drain_(std::move(other.drain_)) {}

ChildServer& ChildServer::operator=(ChildServer&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(output_, other.output_);
  std::swap(drain_, other.drain_);
  return *this;
}

Result<load::HttpEndpoint> ChildServer::listen(const HeldSignals& signals) {
  std::string said;
  while (!signals.pending()) {
    pollfd waits{.fd = output_, .events = POLLIN, .revents = 0};
    if (::poll(&waits, 1, poll_ms) <= 0) continue;
    char part[1024];
    const ssize_t count = ::read(output_, part, sizeof(part));
    if (count <= 0) {
      said.erase(said.find_last_not_of('\n') + 1);
      return fail(ErrorKind::internal, fmt::format("a server process ended: {}", said.substr(said.rfind('\n') + 1)));
    }
    said.append(part, static_cast<size_t>(count));
    std::istringstream lines(said);
    for (std::string line; std::getline(lines, line);) {
      if (lines.eof()) break;  // the line is not whole yet
      const auto port = listening_port(line);
      if (!port) continue;
      drain_ = std::thread([output = output_] {
        char rest[1024];
        while (::read(output, rest, sizeof(rest)) > 0) continue;
      });
      return load::HttpEndpoint{.host = "127.0.0.1", .port = *port};
    }
  }
  return fail(ErrorKind::cancelled, "interrupted");
}

void ChildServer::end() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    int polls = 0;
    while (::waitpid(pid_, nullptr, WNOHANG) == 0) {
      // Twice means at once; then not even that is waited for.
      if (++polls == end_polls_max / 2) ::kill(pid_, SIGTERM);
      if (polls == end_polls_max) ::kill(pid_, SIGKILL);
      ::poll(nullptr, 0, poll_ms);
    }
  }
  if (drain_.joinable()) drain_.join();  // its end of the pipe has gone
  if (output_ >= 0) ::close(output_);
  pid_ = output_ = -1;
}

ProcessMemory memory_of_process(pid_t pid) {
  const std::string path = fmt::format("/proc/{}/smaps_rollup", pid);
  return {.pss_bytes = static_cast<uint64_t>(sum_of(path, "Pss:")) * 1024,
          .anonymous_bytes = static_cast<uint64_t>(sum_of(path, "Pss_Anon:")) * 1024};
}

int64_t context_switches_of(pid_t pid) {
  int64_t sum = 0;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
    sum += sum_of(task.path() / "status", "voluntary_ctxt_switches:");
    sum += sum_of(task.path() / "status", "nonvoluntary_ctxt_switches:");
  }
  return sum;
}

std::optional<uint16_t> listening_port(std::string_view line) {
  const size_t at = line.find("listens on http://");
  const size_t colon = line.rfind(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || colon < at) return std::nullopt;
  uint16_t port = 0;
  const auto [stop, error] = std::from_chars(line.data() + colon + 1, line.data() + line.size(), port);
  return error == std::errc() && stop == line.data() + line.size() ? std::optional(port) : std::nullopt;
}

}  // namespace quire::cli
