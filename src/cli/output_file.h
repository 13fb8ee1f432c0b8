// A file that a command makes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "base/result.h"

namespace quire::cli {

// Writes the whole file, or leaves what was there before: the bytes get the name once they are all written. What is no
// regular file (a pipe, /dev/stdout) is written to as it is. An error names the file and the system's reason.
Result<void> write_output_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

}  // namespace quire::cli
