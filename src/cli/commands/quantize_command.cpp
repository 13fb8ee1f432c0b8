#include "cli/commands/quantize_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/progress.h"
#include "base/team.h"
#include "cli/model_file.h"
#include "gguf/convert.h"
#include "gguf/file.h"
#include "gguf/importance.h"
#include "gguf/printable.h"

namespace quire::cli {
namespace {

// The first names of several.
std::string some_of(const std::vector<std::string>& names) {
  constexpr size_t shown = 4;
  std::string text;
  for (const std::string& name : std::span(names).first(std::min(names.size(), shown))) {
    text += (text.empty() ? "" : ", ") + gguf::printable(name);
  }
  return names.size() > shown ? text + ", ..." : text;
}

Result<void> report_importance(const gguf::File& source, gguf::FileType type, const gguf::Importance& importance) {
  QUIRE_TRY(const gguf::ImportanceUse use, gguf::find_importance_use(source, type, importance));
  if (use.weighed.empty()) {
    return fail(ErrorKind::invalid,
                fmt::format("none of the importance matrix's {} matrices gets a type from {} that weighs errors",
                            importance.tensors.size(), gguf::file_type_name(type)));
  }
  fmt::print("importance: errors of {} matrices are weighed\n", use.weighed.size());
  if (!use.without.empty()) fmt::print("importance: none of {} ({})\n", use.without.size(), some_of(use.without));
  if (!use.unused.empty()) fmt::print("importance: no use for {} ({})\n", use.unused.size(), some_of(use.unused));
  return {};
}

}  // namespace

Result<void> run_quantize(const QuantizeOptions& options) {
  QUIRE_TRY(const gguf::FileType type, parse_file_type(options.type));
  QUIRE_TRY(const gguf::File source, gguf::File::open(options.in));
  std::optional<gguf::Importance> importance;
  if (!options.imatrix.empty()) {
    QUIRE_TRY(importance, gguf::read_importance(options.imatrix));
    QUIRE_TRY_VOID(report_importance(source, type, *importance));
  }
  Team team(thread_count(options.threads));
  {
    const SteadyClock clock;
    ProgressBar bar(options.out.filename().native(), clock);
    QUIRE_TRY_VOID(gguf::convert_file(
        source, type, options.out, team, [&](uint64_t done, uint64_t total) { bar.update(done, total); },
        importance ? &*importance : nullptr));
  }
  return report_file(options.out);
}

}  // namespace quire::cli
