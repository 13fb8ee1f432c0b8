// Computes with one model: its file, backend, KV bytes and activations in one place.
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "base/bytes.h"
#include "model/instance.h"
#include "support/take.h"

namespace quire::test {

// One loaded model on one kernel table.
struct LoadedModel {
  LoadedModel(gguf::File&& opened, const KernelTable& kernels, int workers, KvType kv_type = KvType::f16)
      : file(std::move(opened)),
        team(workers),
        backend(team, kernels),
        model(take(Model::load(file, backend, {.kv_type = kv_type}))) {}

  gguf::File file;
  Team team;
  CpuBackend backend;
  Model model;
};

// KV bytes and activations for sequences that a test drives itself.
class Runner {
 public:
  Runner(LoadedModel& loaded, const Limits& limits) : Runner(loaded.model, loaded.backend, limits) {}
  Runner(const Model& model, Backend& backend, const Limits& limits)
      : Runner(take(ModelInstance::create(model, backend, limits)), limits) {}
  // limits: those that it was made with.
  Runner(ModelInstance instance, const Limits& limits) : instance_(std::move(instance)) {
    for (const MemoryClass of : {MemoryClass::full, MemoryClass::window}) {
      std::vector<BlockId> all;
      for (int32_t block = 0; block < instance_.kv().block_count(of); ++block) all.push_back({block});
      instance_.kv().forget(of, all);
    }
    forget_states(0, limits.state_count);
  }

  // One step; slice.row_begin, row_end and logits_row are filled here. Logits of slice i (its last row, or as many as
  // it wants): row i, or behind those of the slices before it.
  struct Part {
    std::span<const TokenId> tokens;
    int32_t position = 0;
    std::span<const BlockId> blocks;
    std::span<const BlockId> window_blocks = {};
    int32_t prompt_length = INT32_MAX;  // positions from there on are generated ones
    BlockId state = {0};                // of recurrent layers
    BlockId state_from = {};            // invalid: `state`
    std::span<const StateSnapshot> snapshots = {};
    int32_t drafted = 0;      // the last so many tokens are guesses
    int32_t logits_rows = 1;  // of its last rows
  };
  Logits step(std::span<const Part> parts) {
    std::vector<TokenId> tokens;
    std::vector<RowOrigin> origins;
    std::vector<BatchSlice> slices;
    int32_t logits_rows = 0;
    for (const Part& part : parts) {
      const auto begin = static_cast<int32_t>(tokens.size());
      for (size_t i = 0; i < part.tokens.size(); ++i) {
        tokens.push_back(part.tokens[i]);
        const bool is_prompt = part.position + static_cast<int32_t>(i) < part.prompt_length;
        origins.push_back(is_prompt ? RowOrigin::prompt : RowOrigin::generated);
      }
      slices.push_back({.sequence = {slices.size()},
                        .row_begin = begin,
                        .row_end = static_cast<int32_t>(tokens.size()),
                        .position_begin = part.position,
                        .blocks = part.blocks,
                        .window_blocks = part.window_blocks,
                        .state = part.state,
                        .state_from = part.state_from.valid() ? part.state_from : part.state,
                        .snapshots = part.snapshots,
                        .drafted = part.drafted,
                        .logits_row = logits_rows,
                        .logits_rows = part.logits_rows});
      logits_rows += part.logits_rows;
    }
    const Batch batch{.tokens = tokens, .origins = origins, .slices = slices, .logits_rows = logits_rows};
    return take(instance_.forward(batch));
  }

  // How many guesses of each part of the last step were right.
  void keep(std::span<const int32_t> accepted) { instance_.keep(accepted); }

  // These states are nobody's.
  void forget_states(int32_t begin, int32_t count) {
    for (int32_t state = begin; state < begin + count; ++state) {
      const BlockId id{state};
      if (state < instance_.recurrent_states().state_count()) instance_.recurrent_states().forget({&id, 1});
    }
  }

  // One step of texts that are computed as a whole.
  void read_texts(std::span<const std::span<const TokenId>> texts) {
    std::vector<TokenId> tokens;
    std::vector<BatchSlice> slices;
    std::vector<BlockId> blocks(static_cast<size_t>(instance_.kv().block_count()));
    for (int32_t block = 0; block < std::ssize(blocks); ++block) blocks[static_cast<size_t>(block)] = {block};
    std::span<const BlockId> free = blocks;
    for (const std::span<const TokenId> text : texts) {
      const auto begin = static_cast<int32_t>(tokens.size());
      tokens.insert(tokens.end(), text.begin(), text.end());
      const auto count = static_cast<size_t>(ceil_div<int64_t>(std::ssize(text), instance_.kv().layer(0).block_tokens));
      slices.push_back({.sequence = {slices.size()},
                        .row_begin = begin,
                        .row_end = static_cast<int32_t>(tokens.size()),
                        .blocks = free.first(count)});
      free = free.subspan(count);
    }
    const std::vector<RowOrigin> origins(tokens.size(), RowOrigin::prompt);
    (void)take(instance_.forward({.tokens = tokens, .origins = origins, .slices = slices}));
  }

  // What the output matrix reads of rows of the last step.
  HiddenStates states(std::span<const int32_t> rows) { return take(instance_.states(rows)); }

  std::span<const float> head(std::span<const float> pooled) { return take(instance_.head(pooled)); }

  KvStore& kv() { return instance_.kv(); }

  // Logits of every position, one token a step.
  std::vector<float> one_by_one(std::span<const TokenId> tokens, std::span<const BlockId> blocks,
                                int32_t prompt_length = INT32_MAX) {
    std::vector<float> all;
    for (size_t i = 0; i < tokens.size(); ++i) {
      const Part part{.tokens = tokens.subspan(i, 1),
                      .position = static_cast<int32_t>(i),
                      .blocks = blocks,
                      .prompt_length = prompt_length};
      const Logits logits = step({&part, 1});
      all.insert(all.end(), logits.values.begin(), logits.values.end());
    }
    return all;
  }

 private:
  ModelInstance instance_;
};

// Blocks 0, 1, ... enough for `tokens`.
inline std::vector<BlockId> first_blocks(int64_t tokens, int32_t block_tokens) {
  std::vector<BlockId> blocks;
  for (int32_t block = 0; int64_t{block} * block_tokens < tokens; ++block) blocks.push_back({block});
  return blocks;
}

}  // namespace quire::test
