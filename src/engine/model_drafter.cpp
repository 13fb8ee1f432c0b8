#include "engine/model_drafter.h"

#include <algorithm>

#include "base/bytes.h"

namespace quire {
namespace {

// Of a step: a prompt that is read for the first time is spread over several, so that no stream waits for it long.
constexpr int32_t step_rows_max = 64;

}  // namespace

Limits ModelDrafter::executor_limits(const Limits& limits) {
  Limits own = limits;
  own.block_count += limits.running_max;
  own.step_tokens_max = step_rows_max;
  own.window_tokens = own.window_block_count = own.state_count = 0;  // the large one's: it has full blocks alone
  return own;
}

ModelDrafter::ModelDrafter(Executor& executor, const Limits& limits, Bounds bounds)
    : executor_(executor),
      block_tokens_(limits.block_tokens),
      block_count_(limits.block_count),
      bounds_(bounds),
      rows_(static_cast<size_t>(limits.block_count), 0) {}

void ModelDrafter::forget(std::span<const BlockId> blocks) {
  for (const BlockId block : blocks) rows_[static_cast<size_t>(block.value)] = 0;
  executor_.forget(MemoryClass::full, blocks);
}

void ModelDrafter::guess(std::span<DraftPlace> places) {
  streams_.clear();
  int32_t rows_left = step_rows_max;
  // First those that lack the rows of a step, then those that lack a prompt's.
  for (const bool few : {true, false}) {
    for (DraftPlace& place : places) {
      const auto lacking = static_cast<int32_t>(place.timeline.size()) - known_positions(place);
      if (place.most > 0 && (lacking <= draft_tokens_max + 1) == few) add(place, rows_left);
    }
  }
  while (compute()) continue;
}

// The first positions of the place whose rows are there, but for its last one's, which says what comes next.
int32_t ModelDrafter::known_positions(const DraftPlace& place) const {
  int32_t known = 0;
  for (const BlockId block : place.blocks) {
    const int32_t rows = rows_[static_cast<size_t>(block.value)];
    known += rows;
    if (rows < block_tokens_) break;
  }
  return std::min(known, static_cast<int32_t>(place.timeline.size()) - 1);
}

void ModelDrafter::add(DraftPlace& place, int32_t& rows_left) {
  const auto length = static_cast<int32_t>(place.timeline.size());
  const int32_t known = known_positions(place);
  const int32_t rows = std::min(length - known, rows_left);
  const auto own_blocks = static_cast<int32_t>(place.blocks.size());
  // Rows of its guesses, but for the last, lie behind its own.
  const int32_t room = std::min((own_blocks + 1) * block_tokens_, bounds_.positions) - length + 1;
  if (rows <= 0 || room <= 0) return;
  // A token that only the large model has says nothing to the small one.
  const auto missing = place.timeline.subspan(static_cast<size_t>(known), static_cast<size_t>(rows));
  if (std::ranges::any_of(missing, [&](TokenId token) { return token >= bounds_.tokens; })) return;
  // Who shares blocks whose rows are missing waits for the one who computes them.
  const int32_t first = known / block_tokens_;
  const auto fills_it = [&](const Stream& other) {
    return first < own_blocks && other.computed / block_tokens_ == first && first < std::ssize(other.place->blocks) &&
           other.blocks[static_cast<size_t>(first)] == place.blocks[static_cast<size_t>(first)];
  };
  if (std::ranges::any_of(streams_, fills_it)) return;
  Stream stream{.place = &place, .blocks = {place.blocks.begin(), place.blocks.end()}};
  stream.blocks.push_back({block_count_ + static_cast<int32_t>(streams_.size())});
  stream.computed = known;
  stream.end = known + rows;
  stream.most = known + rows == length ? std::min(place.most, room) : 0;
  rows_left -= rows;
  streams_.push_back(std::move(stream));
}

// The next rows of each stream; false when there were none.
bool ModelDrafter::compute() {
  tokens_.clear();
  slices_.clear();
  int32_t logits_rows = 0;
  for (const Stream& stream : streams_) {
    if (stream.computed == stream.end) continue;
    const auto row_begin = static_cast<int32_t>(tokens_.size());
    for (int32_t position = stream.computed; position < stream.end; ++position) {
      tokens_.push_back(token_at(*stream.place, position));
    }
    slices_.push_back({.sequence = stream.place->request->id,
                       .row_begin = row_begin,
                       .row_end = static_cast<int32_t>(tokens_.size()),
                       .position_begin = stream.computed,
                       .blocks = stream.blocks,
                       .logits_row = stream.most > 0 ? logits_rows : -1});
    logits_rows += stream.most > 0 ? 1 : 0;
  }
  if (slices_.empty()) return false;
  origins_.assign(tokens_.size(), RowOrigin::generated);
  failures_.clear();
  const Logits logits = executor_.forward(
      {.tokens = tokens_, .origins = origins_, .slices = slices_, .logits_rows = logits_rows}, failures_);
  auto slice = slices_.begin();
  for (Stream& stream : streams_) {
    if (stream.computed == stream.end) continue;
    const bool failed = std::ranges::find(failures_, slice->sequence, &SliceFailure::sequence) != failures_.end();
    if (!failed) count_rows(stream);
    stream.computed = stream.end;
    if (!failed && slice->logits_row >= 0) choose(stream, logits.row(slice->logits_row));
    ++slice;
  }
  return true;
}

TokenId ModelDrafter::token_at(const DraftPlace& place, int32_t position) {
  const auto at = static_cast<size_t>(position);
  return at < place.timeline.size() ? place.timeline[at] : place.guesses[at - place.timeline.size()];
}

// What was computed of the place's own blocks, and of tokens that are no guesses, stays.
void ModelDrafter::count_rows(const Stream& stream) {
  const auto length = static_cast<int32_t>(stream.place->timeline.size());
  const int32_t end = std::min(stream.end, length);
  for (int32_t index = stream.computed / block_tokens_; index < ceil_div(end, block_tokens_); ++index) {
    const BlockId block = stream.blocks[static_cast<size_t>(index)];
    if (block.value < block_count_)
      rows_[static_cast<size_t>(block.value)] = std::min(end - index * block_tokens_, block_tokens_);
  }
}

// The next guess, and its row where another one comes behind it.
void ModelDrafter::choose(Stream& stream, std::span<const float> logits) {
  DraftPlace& place = *stream.place;
  if (!chooser_.choose(place, logits.first(static_cast<size_t>(bounds_.tokens)))) return;
  if (std::ssize(place.guesses) < stream.most) ++stream.end;
}

}  // namespace quire
