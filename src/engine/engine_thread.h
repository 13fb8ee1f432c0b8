// The engine in production: one thread a loaded model, fed through a mailbox.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <variant>
#include <vector>

#include "base/mailbox.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "engine/engine.h"

namespace quire {

// An exception in a step ends every request with an error, and each that comes later: snapshot().broken says so.
// Any thread may call the public functions. Borrows the executor, tokenizer and clock for its life.
class EngineThread {
 public:
  EngineThread(const Limits& limits, Executor& executor, const Tokenizer& tokenizer, const Clock& clock, EventSink sink,
               std::unique_ptr<Drafter> drafter = nullptr);
  ~EngineThread();
  // Cancels what is left (each request still gets its Finished event) and joins; what the engine has counted by then
  // stays in snapshot(). One thread; a second call has no effect.
  void stop();
  EngineThread(const EngineThread&) = delete;
  EngineThread& operator=(const EngineThread&) = delete;

  // Everything that becomes of the request comes as events. An error only when the mailbox is full (busy) or there is
  // no memory (internal): nothing comes then.
  Result<void> submit(Request request);
  // Applied before the next step. Once a request; no effect when it has ended.
  void cancel(SequenceId id);
  // The state after the last step, with what was submitted since; never waits for a step. Whoever has got an event
  // finds it counted.
  EngineSnapshot snapshot() const;
  // Every sequence as it was after a step of the last moments (view_interval_ns at most, but for the step's own time).
  std::vector<SequenceView> sequences() const { return sequences_.get(); }
  // As Engine's; applied before the next step.
  void set_block_limit(int32_t blocks, MemoryClass of = MemoryClass::full);
  const Limits& limits() const { return engine_.limits(); }

 private:
  struct Cancel {
    SequenceId id;
  };
  struct BlockLimit {
    int32_t blocks;
    MemoryClass of;
  };
  using Command = std::variant<Request, Cancel, BlockLimit>;
  static constexpr int64_t view_interval_ns = 20'000'000;

  void run();
  bool take(std::vector<Command>& commands);
  void work(std::vector<Command>& commands, size_t& next);
  void apply(Command& command);
  void show();

  const Clock& clock_;
  Engine engine_;  // touched by thread_ only, but for its limits
  Mailbox<Command> mailbox_;
  // By band, what was put into the mailbox: with the engine's own count it says how much is still in there. Any thread
  // adds; no other memory hangs on it.
  std::array<std::atomic<int64_t>, band_count> submitted_{};
  Snapshot<EngineSnapshot> snapshot_;
  Snapshot<std::vector<SequenceView>> sequences_;
  std::vector<SequenceView> views_;  // thread_ only: what sequences_ gets next
  int64_t viewed_ns_ = 0;            // thread_ only
  std::thread thread_;
};

}  // namespace quire
