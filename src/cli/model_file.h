// What the commands that take model files share.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "gguf/file_type.h"

namespace quire::cli {

// The name ends with ".gguf", in any case.
bool is_gguf_name(std::string_view path);

// An unknown name is an error that lists the types.
Result<gguf::FileType> parse_file_type(std::string_view name);

// `asked`, or as many as this process may run on when that is below 1.
int thread_count(int asked);

// Opens a file that was just made and prints one line about it.
Result<void> report_file(const std::filesystem::path& path);

}  // namespace quire::cli
