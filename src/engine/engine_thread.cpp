#include "engine/engine_thread.h"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "base/insist.h"

namespace quire {
namespace {

// Requests that may be on their way at once. The queue's own bound refuses long before this.
size_t submits_max(const Limits& limits) { return static_cast<size_t>(limits.queue_max) + 1024; }

// A cancel for each request that is on its way, waiting or running always finds a place.
size_t cancels_max(const Limits& limits) {
  return submits_max(limits) + static_cast<size_t>(limits.queue_max + limits.running_max);
}

}  // namespace

EngineThread::EngineThread(const Limits& limits, Executor& executor, const Tokenizer& tokenizer, const Clock& clock,
                           EventSink sink, std::unique_ptr<Drafter> drafter)
    : clock_(clock),
      // The counts first, so that nobody who has got his answer finds it missing in them.
      engine_(
          limits, executor, tokenizer, clock,
          [this, post = std::move(sink)](std::vector<Event>&& events) {
            snapshot_.set(engine_.snapshot());
            post(std::move(events));
          },
          std::move(drafter)),
      mailbox_(submits_max(limits) + cancels_max(limits)) {
  snapshot_.set(engine_.snapshot());
  thread_ = std::thread([this] { run(); });
}

EngineThread::~EngineThread() { stop(); }

void EngineThread::stop() {
  mailbox_.close();
  if (thread_.joinable()) thread_.join();
}

EngineSnapshot EngineThread::snapshot() const {
  EngineSnapshot snapshot = snapshot_.get();
  for (size_t band = 0; band < submitted_.size(); ++band) {
    snapshot.on_their_way[band] = std::max<int64_t>(0, submitted_[band] - snapshot.totals.submitted[band]);
  }
  return snapshot;
}

Result<void> EngineThread::submit(Request request) {
  std::atomic<int64_t>& submitted = submitted_[request.priority];
  ++submitted;
  try {
    if (mailbox_.try_push(Command(std::move(request)), cancels_max(engine_.limits()))) return {};
  } catch (const std::bad_alloc&) {
    --submitted;
    return fail(ErrorKind::internal, "not enough memory");
  }
  --submitted;
  return fail(ErrorKind::busy, "server busy, please try again.  maximum pending requests exceeded");
}

void EngineThread::cancel(SequenceId id) {
  // Refused only when the thread is stopping, or when somebody cancels the same requests over and over: the answer
  // then runs to its end, which harms nobody.
  insist([&] { (void)mailbox_.try_push(Command(Cancel{id})); });
}

void EngineThread::set_block_limit(int32_t blocks, MemoryClass of) {
  // Refused only when it is stopping, or full: the next one counts.
  insist([&] { (void)mailbox_.try_push(Command(BlockLimit{blocks, of})); });
}

void EngineThread::run() {
  std::vector<Command> commands;
  size_t next = 0;  // the first command that nobody has seen
  for (bool alive = true; alive;) {
    try {
      if (next == commands.size()) {
        commands.clear();
        next = 0;
        alive = take(commands);
      }
      if (alive) {
        work(commands, next);
      } else {
        engine_.cancel_all();
      }
    } catch (const std::exception& error) {
      // Most likely there is no memory. Who waits here hears of it; the model can be loaded anew.
      engine_.give_up(error.what());
      show();
    }
  }
}

// False: there will be no further command.
bool EngineThread::take(std::vector<Command>& commands) {
  return engine_.idle() ? mailbox_.wait_and_take_all(commands) : mailbox_.take_all(commands);
}

void EngineThread::work(std::vector<Command>& commands, size_t& next) {
  while (next < commands.size()) apply(commands[next++]);
  if (!engine_.broken()) engine_.step();
  show();
}

// The counts after every step; the sequences, of which there can be hundreds, now and then and when the last has ended.
void EngineThread::show() {
  snapshot_.set(engine_.snapshot());
  const int64_t now_ns = clock_.now_ns();
  if (now_ns - viewed_ns_ < view_interval_ns && !engine_.idle()) return;
  viewed_ns_ = now_ns;
  views_.clear();
  if (!engine_.broken()) engine_.view_sequences(views_);
  sequences_.exchange(views_);
}

void EngineThread::apply(Command& command) {
  if (Request* request = std::get_if<Request>(&command)) {
    engine_.submit(std::move(*request));
  } else if (const Cancel* cancel = std::get_if<Cancel>(&command)) {
    engine_.cancel(cancel->id);
  } else if (!engine_.broken()) {
    const BlockLimit& limit = std::get<BlockLimit>(command);
    engine_.set_block_limit(limit.blocks, limit.of);
  }
}

}  // namespace quire
