#include "engine/mtp_drafter.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace quire {
namespace {

// Of a batch of the block: as many as a matrix is multiplied with about as fast as with more.
constexpr int32_t batch_rows_max = 128;

}  // namespace

Limits MtpDrafter::executor_limits(const Limits& limits) {
  Limits own = limits;
  own.block_count += limits.running_max;
  own.step_tokens_max = std::min(limits.step_tokens_max, batch_rows_max);
  own.window_tokens = own.window_block_count = own.state_count = 0;  // the block attends to all positions
  return own;
}

MtpDrafter::MtpDrafter(Executor& model, Executor& block, const Limits& limits, std::unique_ptr<Drafter> otherwise)
    : model_(model),
      block_(block),
      block_tokens_(limits.block_tokens),
      block_count_(limits.block_count),
      followed_max_(static_cast<size_t>(limits.draft_rows_max)),
      step_rows_(static_cast<size_t>(executor_limits(limits).step_tokens_max)),
      otherwise_(std::move(otherwise)),
      rows_(static_cast<size_t>(limits.block_count), 0) {}

void MtpDrafter::forget(std::span<const BlockId> blocks) {
  for (const BlockId block : blocks) rows_of(block) = 0;
  block_.forget(MemoryClass::full, blocks);
}

void MtpDrafter::computed(std::span<const ComputedRows> rows) {
  waiting_.clear();
  model_rows_.clear();
  // More sequences than a step has rows for guesses: hardly one would be guessed at, and each row costs the others
  // time.
  if (rows.size() > followed_max_) return;
  for (const ComputedRows& one : rows) add(one);
}

int32_t MtpDrafter::first_computable(const ComputedRows& rows) const {
  const int32_t end = rows.position_begin + static_cast<int32_t>(rows.next.size());
  int32_t position = rows.position_begin;
  while (position < end) {
    const int32_t index = position / block_tokens_;
    if (rows_of(rows.blocks[static_cast<size_t>(index)]) == position % block_tokens_) break;
    position = (index + 1) * block_tokens_;
  }
  return std::min(position, end);
}

void MtpDrafter::add(const ComputedRows& rows) {
  const int32_t end = rows.position_begin + static_cast<int32_t>(rows.next.size());
  const int32_t begin = first_computable(rows);
  if (begin == end) return;
  Waiting waiting{.sequence = rows.sequence, .position = begin, .row = model_rows_.size()};
  waiting.first = begin / block_tokens_;
  while (waiting.first > 0 && rows_of(rows.blocks[static_cast<size_t>(waiting.first - 1)]) == block_tokens_) {
    --waiting.first;
  }
  const auto blocks = rows.blocks.first(static_cast<size_t>(ceil_div(end, block_tokens_)));
  waiting.blocks.assign(blocks.begin() + waiting.first, blocks.end());
  const auto skipped = static_cast<size_t>(begin - rows.position_begin);
  waiting.next.assign(rows.next.begin() + static_cast<ptrdiff_t>(skipped), rows.next.end());
  for (size_t row = skipped; row < rows.next.size(); ++row) {
    model_rows_.push_back(rows.row_begin + static_cast<int32_t>(row));
  }
  waiting_.push_back(std::move(waiting));
}

void MtpDrafter::guess(std::span<DraftPlace> places) {
  if (!waiting_.empty()) {
    // Of a device that is lost the next step tells.
    if (const Result<HiddenStates> states = model_.states(model_rows_)) {
      begin_streams(places, *states);
      while (compute()) continue;
    }
    waiting_.clear();
    streams_.clear();
  }
  for (DraftPlace& place : places) {
    if (place.guesses.empty() && place.most > 0) otherwise_->guess({&place, 1});
  }
}

void MtpDrafter::begin_streams(std::span<DraftPlace> places, const HiddenStates& states) {
  streams_.clear();
  for (const Waiting& rows : waiting_) {
    const auto width = static_cast<size_t>(states.width);
    Stream stream{.rows = &rows, .blocks = rows.blocks, .position = rows.position, .next = rows.next};
    stream.states = states.values.subspan(rows.row * width, rows.next.size() * width);
    const size_t end = static_cast<size_t>(rows.position) + rows.next.size();
    for (DraftPlace& place : places) {
      if (place.request->id == rows.sequence && place.most > 0 && end + 1 == place.timeline.size()) {
        stream.place = &place;
      }
    }
    if (stream.place != nullptr) {
      stream.blocks.push_back({block_count_ + static_cast<int32_t>(streams_.size())});
      // Rows of its guesses, but for the last, lie behind its own.
      const int64_t end_in_blocks = std::ssize(rows.next) + rows.position - rows.first * block_tokens_;
      const int64_t room = std::ssize(stream.blocks) * block_tokens_ - end_in_blocks;
      stream.most = static_cast<int32_t>(std::min<int64_t>(stream.place->most, room + 1));
    }
    streams_.push_back(std::move(stream));
  }
}

// The next rows of each stream; false when there were none.
bool MtpDrafter::compute() {
  tokens_.clear();
  states_.clear();
  slices_.clear();
  guessing_.clear();
  guessing_rows_.clear();
  for (Stream& stream : streams_) take(stream);
  if (slices_.empty()) return false;
  origins_.assign(tokens_.size(), RowOrigin::generated);
  failures_.clear();
  const Logits logits = block_.forward({.tokens = tokens_,
                                        .origins = origins_,
                                        .slices = slices_,
                                        .logits_rows = static_cast<int32_t>(guessing_.size()),
                                        .states = states_},
                                       failures_);
  if (!failures_.empty()) return false;
  for (Stream& stream : streams_) advance(stream);
  choose(logits);
  return true;
}

void MtpDrafter::take(Stream& stream) {
  stream.taken = std::min(stream.next.size(), step_rows_ - tokens_.size());
  if (stream.taken == 0) return;
  const bool guesses = stream.place != nullptr && stream.taken == stream.next.size();
  const auto row_begin = static_cast<int32_t>(tokens_.size());
  const auto next = stream.next.first(stream.taken);
  const auto states = stream.states.first(stream.states.size() / stream.next.size() * stream.taken);
  tokens_.insert(tokens_.end(), next.begin(), next.end());
  states_.insert(states_.end(), states.begin(), states.end());
  const int32_t before = stream.rows->first * block_tokens_;
  slices_.push_back({.sequence = stream.rows->sequence,
                     .row_begin = row_begin,
                     .row_end = static_cast<int32_t>(tokens_.size()),
                     .position_begin = stream.position - before,
                     .positions_before = before,
                     .blocks = stream.blocks,
                     .logits_row = guesses ? static_cast<int32_t>(guessing_.size()) : -1,
                     .likeliest = guesses && DraftChooser::takes_likeliest(*stream.place)});
  if (!guesses) return;
  guessing_.push_back(&stream);
  guessing_rows_.push_back(slices_.back().row_end - 1);
}

// Behind the rows that were computed; those that are no guesses' stay.
void MtpDrafter::advance(Stream& stream) {
  const int32_t own_end = stream.rows->position + static_cast<int32_t>(stream.rows->next.size());
  for (size_t row = 0; row < stream.taken; ++row, ++stream.position) {
    if (stream.position >= own_end) continue;
    const auto index = static_cast<size_t>(stream.position / block_tokens_ - stream.rows->first);
    rows_of(stream.blocks[index]) = stream.position % block_tokens_ + 1;
  }
  if (stream.taken > 0) stream.states = stream.states.subspan(stream.states.size() / stream.next.size() * stream.taken);
  stream.next = stream.next.subspan(stream.taken);
}

// The next guess of each stream whose last row was computed, and its row where another one comes behind it.
void MtpDrafter::choose(const Logits& logits) {
  size_t going_on = 0;
  for (size_t row = 0; row < guessing_.size(); ++row) {
    Stream& stream = *guessing_[row];
    DraftPlace& place = *stream.place;
    bool chosen = false;
    if (DraftChooser::takes_likeliest(place)) {
      const TokenId token = logits.likeliest[row];
      chosen = token != no_likeliest;
      if (chosen) place.guesses.push_back(token);
    } else {
      chosen = chooser_.choose(place, logits.row(static_cast<int32_t>(row)));
    }
    if (!chosen || std::ssize(place.guesses) >= stream.most) continue;
    guessing_[going_on] = &stream;
    guessing_rows_[going_on++] = guessing_rows_[row];
  }
  if (going_on == 0) return;
  const Result<HiddenStates> states = block_.states(std::span(guessing_rows_).first(going_on));
  if (!states) return;
  for (size_t index = 0; index < going_on; ++index) {
    Stream& stream = *guessing_[index];
    const std::span<const float> state = states->row(static_cast<int32_t>(index));
    stream.state.assign(state.begin(), state.end());
    stream.states = stream.state;
    stream.next = std::span(stream.place->guesses).last(1);
  }
}

}  // namespace quire
