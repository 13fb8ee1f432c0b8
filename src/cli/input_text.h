// Text that a command reads: a file that was named, or standard input.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace quire::cli {

// All of it, from whatever can be read to its end: a file, a pipe, a device. An error names it and the system's reason;
// too_large: it goes on after 64 MiB, more than any request may have.
Result<std::string> read_input(const std::filesystem::path& path);
Result<std::string> read_standard_input();

}  // namespace quire::cli
