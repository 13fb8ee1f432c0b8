#include "cli/commands/synth_command.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/progress.h"
#include "base/team.h"
#include "cli/model_file.h"
#include "gguf/file.h"
#include "gguf/printable.h"
#include "gguf/synth.h"

namespace quire::cli {
namespace {

Result<gguf::SynthShape> shape_of(const SynthOptions& options) {
  QUIRE_TRY(gguf::SynthShape shape, gguf::find_synth_shape(options.shape));
  shape.architecture = options.arch.value_or(shape.architecture);
  shape.layers = options.layers.value_or(shape.layers);
  shape.width = options.width.value_or(shape.width);
  shape.heads = options.heads.value_or(shape.heads);
  shape.kv_heads = options.kv_heads.value_or(shape.kv_heads);
  shape.ffn_width = options.ffn.value_or(shape.ffn_width);
  shape.context = options.context.value_or(shape.context);
  shape.tied = !options.untied;
  shape.rope_factors = options.rope_factors;
  if (options.head_dim) {
    shape.head_dim = *options.head_dim;
  } else if (options.width || options.heads) {
    if (shape.heads < 1 || shape.width % shape.heads != 0) {
      return fail(ErrorKind::invalid, fmt::format("a width of {} cannot be split into {} heads; give --head-dim",
                                                  shape.width, shape.heads));
    }
    shape.head_dim = shape.width / shape.heads;
  }
  return shape;
}

}  // namespace

Result<void> run_synth(const SynthOptions& options) {
  QUIRE_TRY(const gguf::FileType type, parse_file_type(options.type));
  QUIRE_TRY(const gguf::SynthShape shape, shape_of(options));
  QUIRE_TRY(const gguf::File vocabulary, gguf::File::open(options.vocab));
  Team team(thread_count(options.threads));
  {
    const SteadyClock clock;
    ProgressBar bar(options.out.filename().native(), clock);
    QUIRE_TRY_VOID(gguf::synthesize(shape, vocabulary.metadata(), type, options.seed, options.out, team,
                                    [&](uint64_t done, uint64_t total) { bar.update(done, total); }));
  }
  return report_file(options.out);
}

}  // namespace quire::cli
