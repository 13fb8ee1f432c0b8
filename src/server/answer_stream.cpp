#include "server/answer_stream.h"

#include <variant>

namespace quire::server {

void AnswerStream::accept(const Event& event) {
  if (const Finished* finished = std::get_if<Finished>(&event.body)) {
    engine_ended_ = true;
    if (!ended_) finish(*finished);
    return;
  }
  if (ended_ || given_up_) return;
  writer_->delta(std::get<TextDelta>(event.body), clocks_.unix_ns(), pending_);
  if (config_.streaming && pending_.size() > config_.pending_bytes_max) abandon();
}

void AnswerStream::finish(const Finished& finished) {
  const bool failed = finished.reason == FinishReason::error || finished.reason == FinishReason::cancelled ||
                      finished.reason == FinishReason::deadline;
  if (failed) {
    fail(api::from_finished(finished));
    return;
  }
  ended_ = true;
  if (given_up_) return;
  const api::AnswerTimes times{.total_ns = clocks_.engine.now_ns() - config_.arrived_ns, .load_ns = config_.load_ns};
  writer_->finish(finished, times, clocks_.unix_ns(), pending_);
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
