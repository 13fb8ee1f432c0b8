#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "cli/commands/commands.h"
#include "cli/local_model.h"
#include "cli/output_file.h"
#include "engine/model_executor.h"
#include "model/context_memory.h"

namespace quire::cli {
namespace {

constexpr int32_t block_tokens = 32;
constexpr int32_t step_tokens = 64;

// Computes the tokens as one prompt of which each row is sampled.
Result<std::vector<float>> logits_of(LocalModel& local, const std::vector<TokenId>& tokens) {
  const int32_t length = static_cast<int32_t>(tokens.size());
  const int32_t blocks = ceil_div(length, block_tokens);
  Limits limits{.block_tokens = block_tokens,
                .block_count = blocks,
                .context_tokens = length,
                .running_max = step_tokens,
                .queue_max = 1,
                .step_tokens_max = step_tokens};
  add_states(local.model().config(), limits);
  const BlockId state{limits.state_count > 0 ? 0 : -1};
  QUIRE_TRY(ModelExecutor executor, local.make_executor(limits));
  std::vector<BlockId> table;
  for (int32_t block = 0; block < blocks; ++block) table.push_back({block});
  const std::vector<RowOrigin> origins(step_tokens, RowOrigin::prompt);

  std::vector<float> all;
  std::vector<SliceFailure> failures;
  for (int32_t begin = 0; begin < length; begin += step_tokens) {
    const int32_t rows = std::min(step_tokens, length - begin);
    const BatchSlice slice{.sequence = {1},
                           .row_end = rows,
                           .position_begin = begin,
                           .blocks = table,
                           .state = state,
                           .state_from = begin > 0 ? state : BlockId{},
                           .logits_row = 0,
                           .logits_rows = rows};
    const size_t count = static_cast<size_t>(rows);
    const Batch batch{.tokens = std::span(tokens).subspan(static_cast<size_t>(begin), count),
                      .origins = std::span(origins).first(count),
                      .slices = {&slice, 1},
                      .logits_rows = rows};
    const Logits logits = executor.forward(batch, failures);
    if (!failures.empty()) return fail(ErrorKind::invalid, failures[0].why);
    const auto values = logits.values.first(count * static_cast<size_t>(logits.vocab));
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

}  // namespace

Result<void> logits_command(const LogitsOptions& options) {
  QUIRE_TRY(const auto local, LocalModel::open_generator(options.file, options.threads, options.kv_type));
  QUIRE_TRY(const std::vector<float> logits, logits_of(*local, options.tokens));
  QUIRE_TRY_VOID(write_output_file(options.out, std::as_bytes(std::span(logits))));
  QUIRE_TRY(const LocalModel::Places places, local->places());
  fmt::print("{}: {} rows of {} float32, {} of {} layers on GPUs: {}\n", options.out, options.tokens.size(),
             local->model().vocab_size(), places.gpu_layers, local->model().config().layer_count(), places.devices);
  return {};
}

}  // namespace quire::cli
