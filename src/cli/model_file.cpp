#include "cli/model_file.h"

#include <fmt/format.h>

#include "base/control_group.h"
#include "gguf/describe.h"
#include "gguf/file.h"
#include "gguf/printable.h"
#include "store/model_name.h"

namespace quire::cli {

bool is_gguf_name(std::string_view path) { return lower_case(path).ends_with(".gguf"); }

Result<gguf::FileType> parse_file_type(std::string_view name) {
  if (const auto type = gguf::find_file_type(name)) return *type;
  return fail(ErrorKind::invalid,
              fmt::format("unknown type {}; expected one of {}", gguf::printable(name), gguf::file_type_names()));
}

int thread_count(int asked) { return asked >= 1 ? asked : usable_cpus(); }

Result<void> report_file(const std::filesystem::path& path) {
  QUIRE_TRY(const gguf::File file, gguf::File::open(path));
  fmt::print("{}: {}\n", path.native(), gguf::summary(file));
  return {};
}

}  // namespace quire::cli
