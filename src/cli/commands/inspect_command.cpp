#include "cli/commands/inspect_command.h"

#include <fmt/format.h>

#include <cstdio>

#include "gguf/describe.h"
#include "gguf/file.h"

namespace quire::cli {

Result<void> run_inspect(const InspectOptions& options) {
  QUIRE_TRY(const gguf::File file, gguf::File::open(options.file));
  fmt::print("{}", gguf::describe(file));
  return {};
}

}  // namespace quire::cli
