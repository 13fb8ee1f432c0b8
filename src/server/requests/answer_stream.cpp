#include "server/requests/answer_stream.h"

#include <algorithm>
#include <variant>

#include "base/check.h"

namespace quire::server {

// What has not ended by now is cancelled, and nobody waits to hear it.
AnswerStream::~AnswerStream() {
  for (size_t choice = 0; choice < live_.sequences.size(); ++choice) {
    if (!live_.sequences[choice].ended) live_.log_end(choice, nullptr, clocks_.engine.now_ns());
  }
}

void AnswerStream::accept(const Event& event) {
  const auto sequence = std::ranges::find(live_.sequences, event.id, &LiveSequence::id);
  QUIRE_CHECK(sequence != live_.sequences.end(), "events come to the stream of their sequence");
  const auto choice = static_cast<size_t>(sequence - live_.sequences.begin());
  if (const Finished* finished = std::get_if<Finished>(&event.body)) {
    sequence->ended = true;
    live_.log_end(choice, finished, clocks_.engine.now_ns());
    live_.record.add(*finished);
    if (!ended_) finish(choice, *finished);
    if (!ended_ && !given_up_ && config_.submit_next) submit_next();
    return;
  }
  if (const PromptLogprobs* prompt = std::get_if<PromptLogprobs>(&event.body)) {
    if (!ended_ && !given_up_) writer_->prompt(choice, *prompt);
    return;
  }
  const TextDelta& delta = std::get<TextDelta>(event.body);
  sequence->generated += static_cast<int32_t>(delta.tokens.size());
  if (sequence->first_text_ns < 0) sequence->first_text_ns = clocks_.engine.now_ns();
  if (ended_ || given_up_) return;
  api::AnswerDelta taken{.parts = {}, .tokens = delta.tokens, .logprobs = delta.logprobs, .stats = delta.stats};
  parsers_[choice]->push(delta.text, taken.parts);
  writer_->delta(choice, taken, clocks_.unix_ns(), pending_);
  if (config_.streaming && pending_.size() > config_.pending_bytes_max) abandon();
}

void AnswerStream::submit_next() {
  if (const Result<void> submitted = config_.submit_next(); !submitted) fail(api::from_error(submitted.error()));
}

// An answer is over with its last choice, or with the first that fails.
void AnswerStream::finish(size_t choice, const Finished& finished) {
  const bool failed = finished.reason == FinishReason::error || finished.reason == FinishReason::cancelled ||
                      finished.reason == FinishReason::deadline;
  if (failed) {
    fail(api::from_finished(finished));
    return;
  }
  ended_ = std::ranges::all_of(live_.sequences, &LiveSequence::ended);
  if (given_up_) return;
  api::AnswerDelta rest;
  parsers_[choice]->finish(rest.parts);
  if (!rest.parts.empty()) writer_->delta(choice, rest, clocks_.unix_ns(), pending_);
  const api::AnswerTimes times{.total_ns = clocks_.engine.now_ns() - live_.arrived_ns, .load_ns = config_.load_ns};
  writer_->finish(choice, finished, times, clocks_.unix_ns(), pending_);
  if (!ended_ || !config_.keep) return;
  if (std::string record = writer_->take_record(); !record.empty()) config_.keep(std::move(record));
}

void AnswerStream::fail(const api::ApiError& error) {
  if (ended_) return;
  ended_ = true;
  const bool after_first_byte = config_.streaming && (begun_ || !pending_.empty());
  if (!after_first_byte) {
    refusal_ = error;
    pending_.clear();
  }
  writer_->fail(error, after_first_byte, pending_);
}

void AnswerStream::abandon() {
  given_up_ = true;
  pending_.clear();
  pending_.shrink_to_fit();
}

asio::awaitable<void> AnswerStream::wait() {
  while (!ended_ && !given_up_ && (!config_.streaming || pending_.empty())) co_await news_.wait();
}

std::string AnswerStream::take() {
  begun_ = true;
  return std::exchange(pending_, {});
}

void StreamTable::deliver(const std::vector<Event>& events) {
  for (const Event& event : events) {
    const auto stream = streams_.find(event.id);
    if (stream != streams_.end()) stream->second->accept(event);
  }
  for (const Event& event : events) {
    const auto stream = streams_.find(event.id);
    if (stream != streams_.end()) stream->second->wake();
  }
}

void StreamTable::fail_all(const api::ApiError& error) {
  for (const auto& [id, stream] : streams_) {
    stream->fail(error);
    stream->wake();
  }
}

}  // namespace quire::server
