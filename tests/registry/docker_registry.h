// Debian's docker-registry, started on a free port of the loopback interface with a folder of its own.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

namespace quire::store::registry::test {

class DockerRegistry {
 public:
  // Where tools/install --tests puts it, else the PATH's. None: it is not here.
  static std::optional<std::string> program() {
    const std::string fetched = QUIRE_SOURCE_DIR "/build/tools/docker-registry";
    if (::access(fetched.c_str(), X_OK) == 0) return fetched;
    for (const char* path : {"/usr/bin/docker-registry", "/usr/local/bin/docker-registry"}) {
      if (::access(path, X_OK) == 0) return path;
    }
    return std::nullopt;
  }

  // REQUIRES: program().
  explicit DockerRegistry(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    const std::filesystem::path config = folder / "config.yml";
    std::ofstream(config) << "version: 0.1\nlog:\n  level: info\nstorage:\n  filesystem:\n    rootdirectory: "
                          << (folder / "data").string()
                          << "\n  delete:\n    enabled: true\nhttp:\n  addr: 127.0.0.1:0\n";
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) std::abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe[1], 2);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    std::string path = *program();
    std::string verb = "serve";
    std::string file = config.string();
    std::array<char*, 4> arguments = {path.data(), verb.data(), file.data(), nullptr};
    if (::posix_spawn(&process_, path.c_str(), &actions, nullptr, arguments.data(), environ) != 0) std::abort();
    posix_spawn_file_actions_destroy(&actions);
    ::close(pipe[1]);
    read_port(pipe[0]);
    // A full pipe would stop it: what it logs from now on is thrown away.
    drain_ = std::thread([log = pipe[0]] {
      std::array<char, 4096> bytes{};
      while (::read(log, bytes.data(), bytes.size()) > 0) {
      }
      ::close(log);
    });
  }
  ~DockerRegistry() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    drain_.join();
  }
  DockerRegistry(const DockerRegistry&) = delete;
  DockerRegistry& operator=(const DockerRegistry&) = delete;

  std::string host() const { return fmt::format("127.0.0.1:{}", port_); }

 private:
  void read_port(int log) {
    const std::string wanted = "listening on 127.0.0.1:";
    std::string text;
    for (;;) {
      std::array<char, 4096> bytes{};
      const ssize_t count = ::read(log, bytes.data(), bytes.size());
      if (count <= 0) break;
      text.append(bytes.data(), static_cast<size_t>(count));
      const size_t at = text.find(wanted);
      if (at != std::string::npos && text.find_first_not_of("0123456789", at + wanted.size()) != std::string::npos) {
        port_ = std::atoi(text.c_str() + at + wanted.size());
        break;
      }
    }
  }

  pid_t process_ = -1;
  std::thread drain_;
  int port_ = 0;
};

}  // namespace quire::store::registry::test
