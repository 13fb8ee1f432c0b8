#include "cli/commands/synth_command.h"

#include <fmt/format.h>

#include <charconv>

#include "base/clock.h"
#include "base/progress.h"
#include "base/team.h"
#include "cli/model_file.h"
#include "gguf/file.h"
#include "gguf/printable.h"
#include "synth/synthesize.h"
#include "synth/vocabulary.h"

namespace quire::cli {
namespace {

Result<synth::Shape> shape_of(const SynthOptions& options) {
  QUIRE_TRY(synth::Shape shape, synth::find_shape(options.shape));
  shape.architecture = options.arch.value_or(shape.architecture);
  shape.layers = options.layers.value_or(shape.layers);
  shape.width = options.width.value_or(shape.width);
  shape.heads = options.heads.value_or(shape.heads);
  shape.kv_heads = options.kv_heads.value_or(shape.kv_heads);
  shape.ffn_width = options.ffn.value_or(shape.ffn_width);
  shape.context = options.context.value_or(shape.context);
  shape.window = options.window.value_or(shape.window);
  shape.experts = options.experts.value_or(shape.experts);
  shape.experts_used = options.experts_used.value_or(shape.experts_used);
  shape.expert_ffn_width = options.expert_ffn.value_or(shape.expert_ffn_width);
  shape.shared_kv_layers = options.shared_kv_layers.value_or(shape.shared_kv_layers);
  shape.layer_input_width = options.layer_inputs.value_or(shape.layer_input_width);
  shape.tied = shape.tied && !options.untied;
  shape.rope_factors = options.rope_factors;
  shape.mtp = options.mtp;
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

// The tokenizer's keys: those of a file, or made up, so many as are asked for or the shape has.
Result<gguf::Metadata> vocabulary_of(const std::string& vocab, const synth::Shape& shape) {
  if (vocab.empty()) return synth::make_vocabulary(shape.vocab);
  int64_t count = 0;
  const auto [end, error] = std::from_chars(vocab.data(), vocab.data() + vocab.size(), count);
  if (error == std::errc() && end == vocab.data() + vocab.size()) return synth::make_vocabulary(count);
  QUIRE_TRY(const gguf::File file, gguf::File::open(vocab));
  return file.metadata();
}

}  // namespace

Result<void> run_synth(const SynthOptions& options) {
  QUIRE_TRY(const gguf::FileType type, parse_file_type(options.type));
  QUIRE_TRY(const synth::Shape shape, shape_of(options));
  QUIRE_TRY(const gguf::Metadata vocabulary, vocabulary_of(options.vocab, shape));
  Team team(thread_count(options.threads));
  {
    const SteadyClock clock;
    ProgressBar bar(options.out.filename().native(), clock);
    QUIRE_TRY_VOID(synth::synthesize(shape, vocabulary, type, options.seed, options.out, team,
                                     [&](uint64_t done, uint64_t total) { bar.update(done, total); }));
  }
  return report_file(options.out);
}

}  // namespace quire::cli
