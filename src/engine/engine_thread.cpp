#include "engine/engine_thread.h"

#include <algorithm>
#include <utility>

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
                           EventSink sink)
    : clock_(clock),
      // The counts first, so that nobody who has got his answer finds it missing in them.
      engine_(limits, executor, tokenizer, clock,
              [this, post = std::move(sink)](std::vector<Event>&& events) {
                snapshot_.set(engine_.snapshot());
                post(std::move(events));
              }),
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
  if (mailbox_.try_push(Command(std::move(request)), cancels_max(engine_.limits()))) return {};
  --submitted;
  return fail(ErrorKind::busy, "server busy, please try again.  maximum pending requests exceeded");
}

void EngineThread::cancel(SequenceId id) {
  // Refused only when the thread is stopping, or when somebody cancels the same requests over and over: the answer
  // then runs to its end, which harms nobody.
  (void)mailbox_.try_push(Command(Cancel{id}));
}

void EngineThread::set_block_limit(int32_t blocks) {
  (void)mailbox_.try_push(
      Command(BlockLimit{blocks}));  // refused only when it is stopping, or full: the next one counts
}

void EngineThread::run() {
  std::vector<Command> commands;
  for (;;) {
    commands.clear();
    if (engine_.idle()) {
      if (!mailbox_.wait_and_take_all(commands)) break;
    } else if (!mailbox_.take_all(commands)) {
      break;
    }
    apply(commands);
    engine_.step();
    show();
  }
  engine_.cancel_all();
}

// The counts after every step; the sequences, of which there can be hundreds, now and then and when the last has ended.
void EngineThread::show() {
  snapshot_.set(engine_.snapshot());
  const int64_t now_ns = clock_.now_ns();
  if (now_ns - viewed_ns_ < view_interval_ns && !engine_.idle()) return;
  viewed_ns_ = now_ns;
  engine_.view_sequences(views_);
  sequences_.exchange(views_);
}

void EngineThread::apply(std::vector<Command>& commands) {
  for (Command& command : commands) {
    if (Request* request = std::get_if<Request>(&command)) {
      engine_.submit(std::move(*request));
    } else if (const Cancel* cancel = std::get_if<Cancel>(&command)) {
      engine_.cancel(cancel->id);
    } else {
      engine_.set_block_limit(std::get<BlockLimit>(command).blocks);
    }
  }
}

}  // namespace quire
