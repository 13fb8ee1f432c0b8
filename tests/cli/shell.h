// Runs the program as a person does.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

namespace quire::cli {

struct Ran {
  int status = -1;
  std::string out;  // standard output; and standard error where the arguments say 2>&1
};

// Runs a shell command; the word QUIRE in it stands for the program, which lies beside this test.
inline Ran shell(std::string command) {
  const std::string program = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "quire").string();
  for (size_t at; (at = command.find("QUIRE ")) != std::string::npos;) command.replace(at, 5, program);
  // No server of this machine may answer instead: port 1 is nobody's.
  FILE* pipe = popen(("export QUIRE_HOST=127.0.0.1:1; " + command).c_str(), "r");
  Ran ran;
  std::array<char, 4096> buffer;
  for (size_t count; (count = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) ran.out.append(buffer.data(), count);
  const int status = pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

}  // namespace quire::cli
