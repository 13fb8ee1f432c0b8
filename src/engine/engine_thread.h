// The engine in production: one thread a loaded model, fed through a mailbox.
#pragma once

#include <memory>
#include <thread>
#include <variant>

#include "base/mailbox.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "engine/engine.h"

namespace quire {

// Any thread may call the public functions. Borrows the executor, tokenizer and clock for its life.
class EngineThread {
 public:
  EngineThread(const Limits& limits, Executor& executor, const Tokenizer& tokenizer, const Clock& clock,
               EventSink sink);
  // Cancels what is left (each request still gets its Finished event) and joins.
  ~EngineThread();
  EngineThread(const EngineThread&) = delete;
  EngineThread& operator=(const EngineThread&) = delete;

  // Everything that becomes of the request comes as events. An error (busy) only when the mailbox is full: nothing
  // comes then.
  Result<void> submit(Request request);
  // Applied before the next step. Once a request; no effect when it has ended.
  void cancel(SequenceId id);
  // The state after the last step; never waits for one.
  EngineSnapshot snapshot() const { return snapshot_.get(); }
  const Limits& limits() const { return engine_.limits(); }

 private:
  struct Cancel {
    SequenceId id;
  };
  using Command = std::variant<Request, Cancel>;

  void run();
  void apply(std::vector<Command>& commands);

  Engine engine_;  // touched by thread_ only, but for its limits
  Mailbox<Command> mailbox_;
  Snapshot<EngineSnapshot> snapshot_;
  std::thread thread_;
};

}  // namespace quire
