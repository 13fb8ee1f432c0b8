// The program on a terminal, as a person has it: keys in, what the screen is told out.
#pragma once

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace quire::cli {

class TerminalProgram {
 public:
  // `environment`: NAME=VALUE, beside TERM and HOME alone.
  TerminalProgram(const std::vector<std::string>& arguments, std::vector<std::string> environment,
                  unsigned short columns = 80) {
    winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    const std::string program = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "quire").string();
    environment.push_back("TERM=xterm-256color");
    std::vector<char*> argv = {const_cast<char*>(program.c_str())}, envp;
    for (const std::string& one : arguments) argv.push_back(const_cast<char*>(one.c_str()));
    for (const std::string& one : environment) envp.push_back(const_cast<char*>(one.c_str()));
    argv.push_back(nullptr);
    envp.push_back(nullptr);
    child_ = forkpty(&terminal_, nullptr, nullptr, &size);
    if (child_ == 0) {
      execve(program.c_str(), argv.data(), envp.data());
      _exit(127);
    }
  }
  ~TerminalProgram() {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
    close(terminal_);
  }
  TerminalProgram(const TerminalProgram&) = delete;
  TerminalProgram& operator=(const TerminalProgram&) = delete;

  void type(const std::string& keys) {
    for (size_t sent = 0; sent < keys.size();) {
      const ssize_t count = write(terminal_, keys.data() + sent, keys.size() - sent);
      if (count <= 0) return;
      sent += static_cast<size_t>(count);
    }
  }
  // Waits, ten seconds at most, until the output since the last such wait has the text.
  bool shows(const std::string& text) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (;;) {
      if (const size_t at = output_.find(text, seen_); at != std::string::npos) {
        seen_ = at + text.size();
        return true;
      }
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      if (left.count() <= 0 || !read_more(static_cast<int>(left.count()))) return false;
    }
  }
  void resize(unsigned short columns) {
    const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    ioctl(terminal_, TIOCSWINSZ, &size);
  }
  // Waits, ten seconds after the last output at most, for its end; the exit status, or -1.
  int end() {
    while (read_more(10'000)) {
    }
    kill(child_, SIGKILL);  // it has ended by now, or hangs
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  const std::string& output() const { return output_; }

 private:
  bool read_more(int timeout_ms) {
    pollfd waited{.fd = terminal_, .events = POLLIN, .revents = 0};
    if (poll(&waited, 1, timeout_ms) <= 0) return false;
    char bytes[4096];
    const ssize_t count = read(terminal_, bytes, sizeof bytes);
    if (count <= 0) return false;
    output_.append(bytes, static_cast<size_t>(count));
    return true;
  }

  int terminal_ = -1;
  pid_t child_ = -1;
  std::string output_;
  size_t seen_ = 0;
};

}  // namespace quire::cli
