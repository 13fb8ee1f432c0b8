// The requests that are being served, from their headers to the last byte of their answers.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/live.h"
#include "base/result.h"
#include "core/event.h"
#include "core/request.h"
#include "sched/seats.h"
#include "server/requests/request_record.h"

namespace quire::server {

class LoadedModel;

// One choice of a request.
struct LiveSequence {
  SequenceId id;
  int32_t prompt_tokens = 0;
  bool kept_back = false;      // the engine has not got it yet
  bool ended = false;          // its Finished event has come
  int32_t generated = 0;       // tokens that have come
  int64_t first_text_ns = -1;  // when its first tokens came
};

// The sequences that ended last. The io thread only.
class EndedRequests {
 public:
  // The line's number is given here.
  void add(api::EndedLine line);
  // Those with a larger number that are still remembered, ascending.
  std::vector<api::EndedLine> after(int64_t number) const;
  int64_t count() const { return count_; }

 private:
  static constexpr size_t remembered_max = 256;
  std::deque<api::EndedLine> lines_;
  int64_t count_ = 0;
};

// What the io side knows of a request. The io thread only.
struct LiveRequest {
  std::string id;  // of no other live request
  int64_t arrived_ns = 0;
  bool generates = false;  // it asks for tokens: what the queue shows, and what can be cancelled
  bool cancelled = false;
  std::string model;
  std::string client;
  uint8_t priority = 3;
  std::optional<SeatRequestId> waits_for_seat;  // it waits for its model
  std::function<void()> when_cancelled;         // set by what it waits for on its way to the engine
  LoadedModel* loaded = nullptr;                // null: on its way to the engine
  std::vector<LiveSequence> sequences;          // by choice; what `loaded` was given
  EndedRequests* log = nullptr;                 // null: nobody wants to know

  // Ends it wherever it is. More than once has no effect.
  void cancel();
  // Writes into the log how a choice has ended, or with 0 the whole request on its way to the engine; null: its client
  // is gone.
  void log_end(size_t choice, const Finished* finished, int64_t now_ns) const;
  RequestRecord record;
};

// The io thread only.
// Invariant: no two live requests have one id.
class LiveRequests {
 public:
  // Keeps a request in the table as long as it lives.
  class Entry {
   public:
    // REQUIRES: !table.contains(id).
    Entry(LiveRequests& table, std::string id, int64_t arrived_ns);
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    LiveRequest& operator*() const { return request_; }

   private:
    LiveRequests& table_;
    LiveRequest& request_;
  };

  bool contains(const std::string& id) const { return requests_.contains(id); }
  // `line` says who waits for a model, in the order of their turns.
  void seats_from(std::function<std::vector<SeatWait>()> line) { seat_line_ = std::move(line); }

  // Ends a request that generates; true also when that was asked for before. False: there is none of this id.
  bool cancel(const std::string& id);

  // Each sequence that has not begun or lost its turn, and each request that is not a sequence yet: by model and
  // position, those without a position last, oldest first.
  std::vector<api::QueueLine> queue(int64_t now_ns) const;
  // Each sequence that has begun and not ended, oldest first.
  std::vector<api::ContextLine> contexts(int64_t now_ns) const;

  const EndedRequests& ended() const { return ended_; }

  // How many generate.
  size_t generating() const;
  // Of those, how many no engine has got yet.
  size_t arriving() const;
  // Called whenever a request has gone.
  void when_gone(std::function<void()> callback) { when_gone_ = std::move(callback); }

 private:
  std::map<std::string, std::unique_ptr<LiveRequest>> requests_;
  EndedRequests ended_;
  std::function<void()> when_gone_;
  std::function<std::vector<SeatWait>()> seat_line_ = [] { return std::vector<SeatWait>(); };
};

// The sequences of one request while its answer is written: what has not ended when it goes is cancelled. The io
// thread only.
class Submission {
 public:
  // The sequences of `requests` are the live request's from now on. The model must outlive it.
  Submission(LiveRequest& live, LoadedModel& model, const std::vector<Request>& requests);
  ~Submission();
  Submission(const Submission&) = delete;
  Submission& operator=(const Submission&) = delete;

  // Hands them to the engine, at most `together_max` of them now: a request of thousands is not to fill the queue. An
  // error (busy): none of them is left there.
  Result<void> submit(std::vector<Request> requests);
  // One has ended: hands over the next, if one waits here. The same error.
  Result<void> submit_next();

 private:
  static constexpr size_t together_max = 128;

  LiveRequest& live_;
  std::vector<Request> requests_;
  size_t handed_ = 0;  // of them, to the engine
};

}  // namespace quire::server
