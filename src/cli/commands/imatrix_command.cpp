#include "cli/commands/imatrix_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/progress.h"
#include "cli/imatrix/input_observer.h"
#include "cli/input_text.h"
#include "cli/local_model.h"
#include "gguf/importance.h"
#include "gguf/printable.h"
#include "model/config.h"
#include "model/context_memory.h"
#include "model/instance.h"
#include "text/tokenizer.h"

namespace quire::cli {
namespace {

constexpr int32_t piece_tokens = 512;

// The text in pieces that each begin as a text does.
Result<std::vector<std::vector<TokenId>>> chunks_of(const ImatrixOptions& options, const Tokenizer& tokenizer) {
  QUIRE_TRY(const std::string text, read_input(options.text));
  const std::vector<TokenId> tokens = tokenizer.encode(text, false, false);
  if (tokens.empty()) {
    return fail(ErrorKind::invalid, fmt::format("{} has no text", gguf::printable_path(options.text)));
  }
  const auto count_max = static_cast<size_t>(options.chunks.value_or(INT64_MAX));
  std::vector<std::vector<TokenId>> chunks;
  for (size_t begin = 0; begin < tokens.size() && chunks.size() < count_max;) {
    std::vector<TokenId> chunk;
    if (tokenizer.adds_bos()) chunk.push_back(tokenizer.bos());
    const size_t room = static_cast<size_t>(options.chunk_tokens) - chunk.size();
    const auto piece = std::span(tokens).subspan(begin, std::min(room, tokens.size() - begin));
    chunk.insert(chunk.end(), piece.begin(), piece.end());
    begin += piece.size();
    chunks.push_back(std::move(chunk));
  }
  return chunks;
}

// Computes one chunk, and none of its logits.
Result<void> read_chunk(ModelInstance& instance, std::span<const TokenId> tokens, std::span<const BlockId> blocks,
                        BlockId state) {
  const std::vector<RowOrigin> origins(piece_tokens, RowOrigin::prompt);
  for (size_t begin = 0; begin < tokens.size(); begin += piece_tokens) {
    const auto piece = tokens.subspan(begin, std::min<size_t>(piece_tokens, tokens.size() - begin));
    const std::vector<BatchSlice> slices = {{.sequence = {1},
                                             .row_end = static_cast<int32_t>(piece.size()),
                                             .position_begin = static_cast<int32_t>(begin),
                                             .blocks = blocks,
                                             .state = state,
                                             .state_from = begin > 0 ? state : BlockId{},
                                             .logits_row = -1}};
    const Batch batch{.tokens = piece, .origins = std::span(origins).first(piece.size()), .slices = slices};
    QUIRE_TRY_VOID(instance.forward(batch));
  }
  return {};
}

Result<void> read_chunks(const LocalModel& local, const std::vector<std::vector<TokenId>>& chunks,
                         const ImatrixOptions& options) {
  Limits limits{.context_tokens = options.chunk_tokens, .running_max = 1, .step_tokens_max = piece_tokens};
  limits.block_count = ceil_div(options.chunk_tokens, limits.block_tokens);
  add_states(local.model().config(), limits);
  QUIRE_TRY(ModelInstance instance, local.make_instance(limits));
  std::vector<BlockId> blocks;
  for (int32_t block = 0; block < limits.block_count; ++block) blocks.push_back({block});
  const SteadyClock clock;
  ProgressBar bar(options.text.filename().native(), clock);
  const uint64_t text_bytes = std::filesystem::file_size(options.text);
  for (size_t i = 0; i < chunks.size(); ++i) {
    QUIRE_TRY_VOID(read_chunk(instance, chunks[i], blocks, {limits.state_count > 0 ? 0 : -1}));
    bar.update((i + 1) * text_bytes / chunks.size(), text_bytes);
  }
  return {};
}

}  // namespace

Result<void> run_imatrix(const ImatrixOptions& options) {
  // Hours later is too late to say so.
  const std::filesystem::path folder = options.out.has_parent_path() ? options.out.parent_path() : ".";
  if (std::error_code error; !std::filesystem::is_directory(folder, error)) {
    return fail(ErrorKind::not_found,
                fmt::format("cannot write {}: its folder is not there", gguf::printable_path(options.out)));
  }
  QUIRE_TRY(const gguf::File file, gguf::File::open(options.model));
  QUIRE_TRY(const ModelConfig config, read_config(file, KvType::f16));
  QUIRE_TRY_VOID(check_generates(config));  // and so has texts in pieces
  QUIRE_TRY(const auto tokenizer, Tokenizer::create(file.metadata()));
  QUIRE_TRY(const auto chunks, chunks_of(options, *tokenizer));

  InputObserver* observer = nullptr;  // the model's
  const auto observed = [&](Team& team, const KernelTable& kernels) {
    auto backend = std::make_unique<InputObserver>(team, kernels);
    observer = backend.get();
    return backend;
  };
  QUIRE_TRY(const auto local, LocalModel::open_on(options.model, options.threads, observed));
  QUIRE_TRY_VOID(read_chunks(*local, chunks, options));

  const gguf::Importance importance = {.datasets = {options.text.filename().native()},
                                       .chunk_count = static_cast<uint32_t>(chunks.size()),
                                       .chunk_size = static_cast<uint32_t>(options.chunk_tokens),
                                       .tensors = observer->sums()};
  QUIRE_TRY_VOID(gguf::write_importance(importance, options.out));
  int64_t tokens = 0;
  for (const auto& chunk : chunks) tokens += std::ssize(chunk);
  fmt::print("{}: importance of {} matrices by {} tokens in {} chunks\n", options.out.native(),
             importance.tensors.size(), tokens, chunks.size());
  return {};
}

}  // namespace quire::cli
