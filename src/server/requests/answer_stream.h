// Answers on their way from the engines to the connections.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/answer.h"
#include "base/clock.h"
#include "core/event.h"
#include "server/asio.h"
#include "server/requests/byte_stream.h"
#include "server/requests/live_requests.h"

namespace quire::server {

// The wall clock and the engines' clock.
struct Clocks {
  const Clock& engine;
  int64_t (*unix_ns)();
};

// One answer, of one sequence or of several: events in, bytes out. The io thread only.
// Invariant: at most pending_bytes_max bytes wait here for a reader of a stream; one that reads slower is given up.
class AnswerStream final : public ByteStream {
 public:
  struct Config {
    bool streaming = true;
    size_t pending_bytes_max = 0;
    int64_t load_ns = 0;
    std::function<void(std::string record)> keep = {};  // takes what is to be kept of the answer; none: nothing is
    std::function<Result<void>()> submit_next = {};     // called when a sequence has ended: the next may go
  };

  using Parsers = std::vector<std::unique_ptr<parts::PartsParser>>;  // of each choice's text

  // `live` says whose sequences it is made of, and learns from it what has become of them.
  AnswerStream(const asio::any_io_executor& executor, std::unique_ptr<api::AnswerWriter> writer, Parsers parsers,
               LiveRequest& live, Clocks clocks, Config config)
      : config_(config),
        clocks_(clocks),
        writer_(std::move(writer)),
        parsers_(std::move(parsers)),
        live_(live),
        news_(executor) {}
  ~AnswerStream() override;
  AnswerStream(const AnswerStream&) = delete;
  AnswerStream& operator=(const AnswerStream&) = delete;

  // Takes an event; wakes nobody, so that all of a step's bytes are written together.
  void accept(const Event& event);
  // Ends the answer from this side (a full queue, the server's stop).
  void fail(const api::ApiError& error);

  void abandon() override;
  void wake() override { news_.wake(); }
  asio::awaitable<void> wait() override;
  bool streaming() const override { return config_.streaming; }
  bool ended() const override { return ended_; }
  bool given_up() const override { return given_up_; }
  const std::optional<api::ApiError>& refusal() const override { return refusal_; }
  std::string_view content_type() const override { return writer_->content_type(); }
  std::string take() override;

 private:
  void finish(size_t choice, const Finished& finished);
  void submit_next();

  const Config config_;
  const Clocks clocks_;
  const std::unique_ptr<api::AnswerWriter> writer_;
  const Parsers parsers_;
  LiveRequest& live_;
  Signal news_;
  std::string pending_;
  bool begun_ = false;
  bool ended_ = false;
  bool given_up_ = false;
  std::optional<api::ApiError> refusal_;
};

// Which connection waits for which sequence. The io thread only.
class StreamTable {
 public:
  // The stream of a live request's sequences, which must stay the same; it is forgotten when the registration goes.
  class Registration {
   public:
    Registration(StreamTable& table, const LiveRequest& live, AnswerStream& stream) : table_(table), live_(live) {
      for (const LiveSequence& sequence : live_.sequences) table_.streams_.emplace(sequence.id, &stream);
    }
    ~Registration() {
      for (const LiveSequence& sequence : live_.sequences) table_.streams_.erase(sequence.id);
    }
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

   private:
    StreamTable& table_;
    const LiveRequest& live_;
  };

  // All events of one step. Those of a sequence that nobody waits for any more are dropped.
  void deliver(const std::vector<Event>& events);
  void fail_all(const api::ApiError& error);
  size_t size() const { return streams_.size(); }

 private:
  std::unordered_map<SequenceId, AnswerStream*> streams_;
};

}  // namespace quire::server
