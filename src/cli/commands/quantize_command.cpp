#include "cli/commands/quantize_command.h"

#include "base/clock.h"
#include "base/progress.h"
#include "base/team.h"
#include "cli/model_file.h"
#include "gguf/convert.h"
#include "gguf/file.h"

namespace quire::cli {

Result<void> run_quantize(const QuantizeOptions& options) {
  QUIRE_TRY(const gguf::FileType type, parse_file_type(options.type));
  QUIRE_TRY(const gguf::File source, gguf::File::open(options.in));
  Team team(thread_count(options.threads));
  {
    const SteadyClock clock;
    ProgressBar bar(options.out.filename().native(), clock);
    QUIRE_TRY_VOID(gguf::convert_file(source, type, options.out, team,
                                      [&](uint64_t done, uint64_t total) { bar.update(done, total); }));
  }
  return report_file(options.out);
}

}  // namespace quire::cli
