// Answers on their way from the engines to the connections.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/answer.h"
#include "base/clock.h"
#include "core/event.h"
#include "server/asio.h"

namespace quire::server {

// The wall clock and the engines' clock.
struct Clocks {
  const Clock& engine;
  int64_t (*unix_ns)();
};

// One answer: events in, bytes out. The io thread only.
// Invariant: at most pending_bytes_max bytes wait here for a reader of a stream; one that reads slower is given up.
class AnswerStream {
 public:
  struct Config {
    bool streaming = true;
    size_t pending_bytes_max = 0;
    int64_t arrived_ns = 0;
    int64_t load_ns = 0;
  };

  AnswerStream(const asio::any_io_executor& executor, std::unique_ptr<api::AnswerWriter> writer, Clocks clocks,
               Config config)
      : config_(config), clocks_(clocks), writer_(std::move(writer)), news_(executor) {}

  // Takes an event; wakes nobody, so that all of a step's bytes are written together.
  void accept(const Event& event);
  // Ends the answer from this side (a full queue, the server's stop).
  void fail(const api::ApiError& error);
  // The client is gone: nothing more is written.
  void abandon();
  void wake() { news_.wake(); }

  // Until there is something to write, or the answer has ended or was given up.
  asio::awaitable<void> wait();

  bool streaming() const { return config_.streaming; }
  // Nothing is added to it any more.
  bool ended() const { return ended_; }
  // The engine has nothing more to say: no cancel is needed.
  bool engine_ended() const { return engine_ended_; }
  // Too slow a reader, or a client that is gone.
  bool given_up() const { return given_up_; }
  // An error that came before any byte, so that its status can still be sent.
  const std::optional<api::ApiError>& refusal() const { return refusal_; }
  std::string_view content_type() const { return writer_->content_type(); }
  // What is to be written now. From the first call on the answer's status is taken as sent.
  std::string take();

 private:
  void finish(const Finished& finished);

  const Config config_;
  const Clocks clocks_;
  const std::unique_ptr<api::AnswerWriter> writer_;
  Signal news_;
  std::string pending_;
  bool begun_ = false;
  bool ended_ = false;
  bool engine_ended_ = false;
  bool given_up_ = false;
  std::optional<api::ApiError> refusal_;
};

// Which connection waits for which sequence. The io thread only.
class StreamTable {
 public:
  // The stream is forgotten when the registration goes.
  class Registration {
   public:
    Registration(StreamTable& table, SequenceId id, AnswerStream& stream) : table_(table), id_(id) {
      table_.streams_.emplace(id, &stream);
    }
    ~Registration() { table_.streams_.erase(id_); }
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

   private:
    StreamTable& table_;
    const SequenceId id_;
  };

  // All events of one step. Those of a sequence that nobody waits for any more are dropped.
  void deliver(const std::vector<Event>& events);
  void fail_all(const api::ApiError& error);
  size_t size() const { return streams_.size(); }

 private:
  std::unordered_map<SequenceId, AnswerStream*> streams_;
};

}  // namespace quire::server
