#include "load/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <list>

#include "base/descriptors.h"
#include "base/random.h"
#include "load/exchange.h"

namespace quire::load {
namespace {

namespace asio = boost::asio;
using Time = std::chrono::steady_clock;

constexpr auto tick = std::chrono::milliseconds(100);
constexpr int64_t refused_pause_ns = 100'000'000;  // an asker that got nothing does not ask again at once

// Of the stage, on one io context. Invariant: running_ == coroutines inside converse().
class StageRun {
 public:
  StageRun(const Target& target, const WorkloadSpec& spec, const Stage& stage, const RunOptions& options,
           FunctionRef<bool(const RunProgress&)> keep_going)
      : target_(target), spec_(spec), stage_(stage), options_(options), keep_going_(keep_going) {}

  StageResult run() {
    result_.stage = stage_;
    next_conversation_ = stage_.first_conversation;
    begin_ = Time::now();
    if (stage_.kind == LoadKind::closed) {
      for (int32_t asker = 0; asker < stage_.parallel; ++asker) start(ask_on());
    } else {
      start(send_on_time());
    }
    start(watch(), /*counts=*/false);
    io_.run();
    finish();
    return std::move(result_);
  }

 private:
  int64_t now_ns() const { return std::chrono::duration_cast<std::chrono::nanoseconds>(Time::now() - begin_).count(); }

  void start(asio::awaitable<void> coroutine, bool counts = true) {
    active_ += counts ? 1 : 0;
    asio::co_spawn(io_, std::move(coroutine), [this, counts](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
      active_ -= counts ? 1 : 0;
      if (active_ == 0) watch_timer_.cancel();
    });
  }

  // Until a moment of the stage's time; false: it was stopped before.
  asio::awaitable<bool> wait_until(int64_t at_ns) {
    asio::steady_timer timer(io_);
    const auto place = timers_.insert(timers_.end(), &timer);
    timer.expires_at(begin_ + std::chrono::nanoseconds(at_ns));
    boost::system::error_code error;
    if (!stopped_) co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    timers_.erase(place);
    co_return !stopped_;
  }

  asio::awaitable<void> watch() {
    while (active_ > 0) {
      watch_timer_.expires_after(tick);
      boost::system::error_code error;
      co_await watch_timer_.async_wait(asio::redirect_error(asio::use_awaitable, error));
      progress_.elapsed_ns = now_ns();
      progress_.running = static_cast<int64_t>(exchanges_.size());
      if (active_ > 0 && !stopped_ && !keep_going_(progress_)) stop();
    }
  }

  void stop() {
    stopped_ = true;
    for (Exchange* exchange : exchanges_) exchange->hang_up();
    for (asio::steady_timer* timer : timers_) timer->cancel();
  }

  bool may_begin() const {
    if (stopped_) return false;
    if (stage_.duration_ns > 0 && stage_.kind == LoadKind::closed && now_ns() >= stage_.duration_ns) return false;
    return stage_.requests_max == 0 || begun_ < stage_.requests_max;
  }

  // One asker of a closed loop. All of them are due when the stage begins, even those that this thread reaches later.
  asio::awaitable<void> ask_on() {
    int64_t due_ns = 0;
    while (may_begin()) {
      const Conversation conversation = conversation_at(spec_, next_conversation_++);
      const bool served = co_await converse(conversation, due_ns);
      if (!served && !co_await wait_until(now_ns() + refused_pause_ns)) co_return;
      due_ns = now_ns();
    }
  }

  asio::awaitable<void> converse_apart(Conversation conversation, int64_t due_ns) {
    co_await converse(conversation, due_ns);
    if (--apart_ < options_.running_max) room_timer_.cancel();
  }

  asio::awaitable<void> send_on_time() {
    std::vector<int64_t> times;
    if (stage_.kind == LoadKind::open) {
      times = arrival_times(stage_.arrivals, mix(spec_.seed) ^ static_cast<uint64_t>(stage_.first_conversation));
    } else {
      times = stage_.replay->due_ns;
    }
    for (size_t index = 0; index < times.size() && may_begin(); ++index) {
      if (!co_await wait_until(times[index])) co_return;
      while (apart_ >= options_.running_max && !stopped_) {
        room_timer_.expires_after(tick);
        boost::system::error_code error;
        co_await room_timer_.async_wait(asio::redirect_error(asio::use_awaitable, error));
      }
      progress_.late_ns = now_ns() - times[index];
      ++apart_;
      Conversation conversation = stage_.kind == LoadKind::open ? conversation_at(spec_, next_conversation_++)
                                                                : stage_.replay->conversations[index];
      start(converse_apart(std::move(conversation), times[index]));
    }
  }

  // All turns, one after another; the next one is not asked when one has no answer. False: something was not served.
  asio::awaitable<bool> converse(const Conversation& conversation, int64_t due_ns) {
    api::ClientCall call{.model = target_.model};
    call.ignore_eos = spec_.ignore_eos;
    call.temperature = spec_.temperature;
    call.seed = static_cast<int64_t>(conversation.text_seed >> 33U);
    if (!spec_.clients.empty()) {
      const ClientClass& client = spec_.clients[static_cast<size_t>(conversation.client)];
      call.user = client.name;
      if (client.band >= 0) call.band = client.band;
    }
    for (size_t turn = 0; turn < conversation.turns.size(); ++turn) {
      if (turn > 0 && !may_begin()) co_return true;
      const std::string text = text_of(conversation, turn, spec_, target_.calibration,
                                       stage_.replay != nullptr ? stage_.replay->block_tokens : 0);
      add_text(call, "user", text);
      call.answer_tokens = conversation.turns[turn].answer_tokens;
      ++begun_;
      Sample sample{.conversation = conversation.index,
                    .turn = static_cast<int32_t>(turn),
                    .client = conversation.client,
                    .due_ns = due_ns};
      if (call.band) sample.band = *call.band;
      const std::string answer = co_await ask(call, conversation.turns[turn], sample);
      const Outcome outcome = sample.outcome;
      due_ns = sample.ended_ns + spec_.think_ns;
      result_.samples.push_back(std::move(sample));
      if (outcome != Outcome::whole) co_return outcome == Outcome::dropped;
      add_text(call, "assistant", answer);
      if (spec_.think_ns > 0 && turn + 1 < conversation.turns.size() && !co_await wait_until(due_ns)) co_return true;
    }
    co_return true;
  }

  void add_text(api::ClientCall& call, const char* role, const std::string& text) const {
    if (target_.chat) {
      call.messages.push_back({.role = role, .content = text});
    } else {
      call.prompt += (call.prompt.empty() ? "" : "\n") + text;
    }
  }

  asio::awaitable<std::string> ask(const api::ClientCall& call, const PlannedTurn& planned, Sample& sample) {
    const HttpCall http = http_call(target_.asked(), call);
    ReadPace pace;
    if (planned.slow) {
      sample.slow = true;
      pace.read_bytes = options_.slow_read_bytes;
      pace.pause_ms = options_.slow_pause_ms;
    }
    std::string answer;
    HttpReply reply;
    bool ended = false;
    const auto hand_over = [&](std::string_view text) {
      note_line(text, sample, answer, ended);
      const auto pieces = static_cast<int32_t>(sample.pieces_ns.size());
      return sample.error.empty() && (planned.drop_after < 0 || pieces < planned.drop_after);
    };
    const Exchange::OnLine sink(hand_over);
    Exchange exchange(io_, target_.endpoint, http, options_.timeout_ms, pace);
    const auto place = exchanges_.insert(exchanges_.end(), &exchange);
    bool sent = !stopped_;
    if (sent) sent = co_await exchange.send(reply);
    if (sent) sample.sent_ns = now_ns();
    bool drops = planned.drop_after >= 0;
    if (sent && planned.drop_after == 0) {
      exchange.hang_up();
    } else if (sent) {
      co_await exchange.receive(&sink, reply);
    }
    exchanges_.erase(place);
    drops = drops && reply.hung_up && sample.error.empty() && !ended;
    if (planned.drop_after == 0) drops = sent;
    judge(sample, reply, sent, drops, ended);
    if (options_.book != nullptr && (sample.outcome == Outcome::whole || !answer.empty())) {
      options_.book->note(http, answer, sample.outcome == Outcome::whole);
    }
    co_return answer;
  }

  void note_line(std::string_view text, Sample& sample, std::string& answer, bool& ended) {
    const int64_t at_ns = now_ns();
    const auto line = target_.dialect->read_line(text);
    if (!line) return;
    if (!line->text.empty()) {
      sample.pieces_ns.push_back(at_ns);
      ++progress_.pieces;
      answer += line->text;
    }
    sample.error = line->error;
    if (!line->reason.empty()) ended = true;
    if (line->prompt_truncated) sample.prompt_truncated = true;
    if (line->counts.prompt_tokens >= 0) sample.counts = line->counts;
  }

  void judge(Sample& sample, const HttpReply& reply, bool sent, bool dropped, bool ended) {
    sample.ended_ns = now_ns();
    sample.status = reply.status;
    if (reply.error && sample.error.empty()) sample.error = reply.error->message;
    if (reply.status != 0 && reply.status != 200) sample.error = api::error_text(reply.body);
    if (stopped_ && !ended) {
      sample.outcome = Outcome::interrupted;
    } else if (dropped) {
      sample.outcome = Outcome::dropped;
      sample.error.clear();
    } else if (reply.status == 503) {
      sample.outcome = Outcome::refused;
    } else if (reply.timed_out) {
      sample.outcome = Outcome::timed_out;
    } else if (!sent) {
      sample.outcome = Outcome::unreachable;
    } else if (reply.error || (reply.status == 200 && !ended && sample.error.empty())) {
      sample.outcome = Outcome::broken;
      if (sample.error.empty()) sample.error = "the stream closed before the answer's end";
    } else {
      sample.outcome = sample.error.empty() && reply.status == 200 ? Outcome::whole : Outcome::failed;
    }
    ++progress_.ended;
    if (sample.outcome == Outcome::refused) ++progress_.refused;
    if (sample.outcome > Outcome::refused && sample.outcome != Outcome::interrupted) ++progress_.failed;
  }

  void finish() {
    result_.interrupted = stopped_;
    int64_t last_ns = 1;
    for (const Sample& sample : result_.samples) last_ns = std::max(last_ns, sample.ended_ns);
    const int64_t planned_ns = stage_.kind == LoadKind::open ? stage_.arrivals.duration_ns : stage_.duration_ns;
    result_.window_ns = planned_ns > 0 ? std::min(planned_ns, last_ns) : last_ns;
  }

  const Target& target_;
  const WorkloadSpec& spec_;
  const Stage& stage_;
  const RunOptions& options_;
  const FunctionRef<bool(const RunProgress&)> keep_going_;

  asio::io_context io_{1};
  asio::steady_timer watch_timer_{io_};
  asio::steady_timer room_timer_{io_};
  Time::time_point begin_;
  int64_t next_conversation_ = 0;
  int64_t begun_ = 0;   // requests
  int32_t apart_ = 0;   // conversations that arrived by the clock and have not ended
  int64_t active_ = 0;  // coroutines besides the watch
  bool stopped_ = false;
  std::list<Exchange*> exchanges_;
  std::list<asio::steady_timer*> timers_;
  RunProgress progress_;
  StageResult result_;
};

std::string rate_text(double rate) { return fmt::format("{:g}/s", rate); }

}  // namespace

std::string Stage::label() const {
  if (kind == LoadKind::closed) return fmt::format("{} at once", parallel);
  if (kind == LoadKind::replay) return "trace";
  std::string text = rate_text(arrivals.rate);
  if (arrivals.rate_end != arrivals.rate) text += " to " + rate_text(arrivals.rate_end);
  if (arrivals.shape < 1) text += " in bursts";
  if (arrivals.shape > 1) text += " evenly";
  return text;
}

std::string_view name(Outcome outcome) {
  constexpr std::string_view names[outcome_count] = {"whole",       "dropped", "refused",   "failed",
                                                     "unreachable", "broken",  "timed out", "interrupted"};
  return names[static_cast<size_t>(outcome)];
}

StageResult run_stage(const Target& target, const WorkloadSpec& spec, const Stage& stage, const RunOptions& options,
                      FunctionRef<bool(const RunProgress&)> keep_going) {
  reserve_descriptors(options.running_max);
  return StageRun(target, spec, stage, options, keep_going).run();
}

}  // namespace quire::load
