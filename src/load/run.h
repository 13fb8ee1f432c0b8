// One stage of a load: a workload sent to a server on time, and everything that was seen of its answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "load/answer_book.h"
#include "load/arrivals.h"
#include "load/target.h"
#include "load/workload.h"

namespace quire::load {

enum class LoadKind : uint8_t {
  closed,  // `parallel` askers, each with one request at a time
  open,    // arrivals that wait for nobody
  replay,  // a trace's
};

struct Stage {
  LoadKind kind = LoadKind::closed;
  int32_t parallel = 1;       // closed
  ArrivalSpec arrivals = {};  // open
  const Replay* replay = nullptr;
  int64_t duration_ns = 0;         // closed: nothing begins after it; 0: no limit
  int64_t requests_max = 0;        // closed: no more requests; 0: no limit. REQUIRES: one of the two, where closed
  int64_t first_conversation = 0;  // so that stages do not ask the same
  // "8 at once", "4/s", "4/s in bursts", "2/s to 8/s", "trace": names the stage in tables and baselines.
  std::string label() const;
};

enum class Outcome : uint8_t {
  whole,        // the answer came to its end
  dropped,      // this side closed the connection, as planned
  refused,      // 503: the server has no room
  failed,       // any other status, or an error in the stream
  unreachable,  // no connection
  broken,       // the connection ended inside the answer
  timed_out,
  interrupted,  // the run was stopped
};
constexpr int outcome_count = 8;
std::string_view name(Outcome outcome);

// One request as it was seen. Times are nanoseconds since the stage began; -1: never.
struct Sample {
  int64_t conversation = 0;
  int32_t turn = 0;
  int32_t client = 0;
  int32_t band = -1;
  bool slow = false;     // read slowly on purpose: its times are its own fault
  int64_t due_ns = 0;    // when it should have been sent: everything counts from here
  int64_t sent_ns = -1;  // when the request was written
  int64_t ended_ns = -1;
  std::vector<int64_t> pieces_ns;  // when each piece of text arrived; a piece is a token, now and then more
  api::ClientCounts counts;
  bool prompt_truncated = false;  // the server says that it shortened the prompt to fit
  Outcome outcome = Outcome::interrupted;
  int status = 0;
  std::string error;

  int64_t first_ns() const { return pieces_ns.empty() ? -1 : pieces_ns.front() - due_ns; }
  // Waited for its turn: what was lost before it was sent, and what the server says of its queue; -1: it does not say.
  int64_t wait_ns() const { return counts.queue_ns < 0 || sent_ns < 0 ? -1 : sent_ns - due_ns + counts.queue_ns; }
  // Tokens that arrived: the server's count, else a piece each.
  int64_t tokens() const {
    return counts.answer_tokens >= 0 ? counts.answer_tokens : static_cast<int64_t>(pieces_ns.size());
  }
};

struct StageResult {
  Stage stage;
  int64_t window_ns = 0;  // what rates are taken over: the duration, or until the last answer's end where there is none
  std::vector<Sample> samples;
  bool interrupted = false;
};

struct RunProgress {
  int64_t elapsed_ns = 0;
  int64_t running = 0, ended = 0, refused = 0, failed = 0;
  int64_t pieces = 0;   // of all answers
  int64_t late_ns = 0;  // how late the last timed request was sent
};

struct RunOptions {
  int timeout_ms = 600'000;    // a request's
  int32_t running_max = 1000;  // requests at once; what is due then waits, and its time counts
  int slow_pause_ms = 200;     // of a slow reader, between reads of slow_read_bytes
  size_t slow_read_bytes = 256;
  AnswerBook* book = nullptr;  // keeps the answers, where they are to be compared
};

// Runs the stage from one thread, the calling one, and returns when the last request has ended. `keep_going` is asked
// some ten times a second; false: everything in progress is closed, and what was seen until then is returned.
StageResult run_stage(const Target& target, const WorkloadSpec& spec, const Stage& stage, const RunOptions& options,
                      FunctionRef<bool(const RunProgress&)> keep_going);

}  // namespace quire::load
