#include "server/requests/wait_for_model.h"

#include <utility>

namespace quire::server {
namespace {

constexpr int64_t ms = 1'000'000;  // in nanoseconds

// Of a prompt that no tokenizer has seen: a token of English text has some four bytes.
int64_t tokens_about(const HttpRequest& request) { return static_cast<int64_t>(request.body.size() / 4); }

// As the engine says it of a request that waits there.
Finished finished_of(SeatEnd end, const ModelHost::Wait& wait) {
  Finished finished{.reason = FinishReason::error};
  if (end == SeatEnd::cancelled) finished.reason = FinishReason::cancelled;
  if (end == SeatEnd::deadline) {
    finished.reason = FinishReason::deadline;
    finished.error = "the deadline passed before the answer was complete";
  }
  if (end == SeatEnd::queue_timeout) {
    finished.reason = FinishReason::deadline;
    finished.error = "the request waited in the queue for longer than its queue_timeout_ms";
  }
  finished.stats.queue_ns = wait.waited_ns();
  return finished;
}

ModelRefusal refuse(SeatEnd end, const ModelHost& host, const ModelHost::Wait& wait, LiveRequest& live) {
  const Finished finished = finished_of(end, wait);
  const bool has_waited = end != SeatEnd::busy && end != SeatEnd::stopping;
  if (has_waited) live.log_end(0, &finished, live.arrived_ns + wait.waited_ns());
  switch (end) {
    case SeatEnd::cancelled:
    case SeatEnd::deadline:
    case SeatEnd::queue_timeout:
      live.record.add(finished);
      return {.error = api::from_finished(finished)};
    case SeatEnd::busy:
      live.record.refusal = Refusal::queue_full;
      return {.error = {503, api::busy_message}, .retry_after_s = host.retry_after_s()};
    case SeatEnd::stopping:
      live.record.refusal = Refusal::draining;
      return {.error = {503, "the server is stopping"}};
    case SeatEnd::no_memory:
      live.record.refusal = Refusal::no_model_room;
      break;
    case SeatEnd::failed:
      break;
  }
  return {.error = api::from_error(wait.error())};
}

// While it lives, a cancel of the request ends its wait.
class CancelHook {
 public:
  CancelHook(LiveRequest& live, ModelHost::Wait& wait) : live_(live) {
    live_.waits_for_seat = wait.request();
    live_.when_cancelled = [&wait] { wait.cancel(); };
    if (live_.cancelled) wait.cancel();
  }
  ~CancelHook() {
    live_.waits_for_seat.reset();
    live_.when_cancelled = nullptr;
  }
  CancelHook(const CancelHook&) = delete;
  CancelHook& operator=(const CancelHook&) = delete;

 private:
  LiveRequest& live_;
};

}  // namespace

asio::awaitable<ModelInUse> wait_for_model(ModelHost& host, store::ModelFile file, const api::GenerationCall& call,
                                           const HttpRequest& request, LiveRequest& live) {
  ModelHost::Demand demand{.file = std::move(file),
                           .tokens = tokens_about(request),
                           .band = live.priority,
                           .wish = {.gpu_layers = call.options.gpu_layers},
                           .arrived_ns = request.arrived_ns};
  if (call.deadline_ms) demand.deadline_ns = request.arrived_ns + *call.deadline_ms * ms;
  if (call.queue_timeout_ms) demand.queue_deadline_ns = request.arrived_ns + *call.queue_timeout_ms * ms;
  ModelHost::Wait wait(host, demand);
  const CancelHook hook(live, wait);
  auto lease = co_await wait.done();
  if (!lease) co_return std::unexpected(refuse(lease.error(), host, wait, live));
  co_return std::move(*lease);
}

}  // namespace quire::server
