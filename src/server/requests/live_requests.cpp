#include "server/requests/live_requests.h"

#include <algorithm>
#include <new>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "server/models/loaded_model.h"

namespace quire::server {
namespace {

// The events of what is cancelled now come too late for this request's record.
void record_the_unended(LiveRequest& live) {
  if (std::ranges::all_of(live.sequences, &LiveSequence::ended)) return;
  const std::vector<SequenceView> views = live.loaded->sequences();
  for (const LiveSequence& sequence : live.sequences) {
    if (sequence.ended) continue;
    Finished finished{.reason = FinishReason::cancelled};
    finished.stats.prompt_tokens = sequence.prompt_tokens;
    finished.stats.generated_tokens = sequence.generated;
    for (const SequenceView& view : views) {
      if (view.id != sequence.id) continue;
      finished.stats.cached_tokens = view.cached_tokens;
      finished.stats.preemptions = view.preemptions;
      if (view.started_ns >= 0) finished.stats.queue_ns = view.started_ns - live.arrived_ns;
    }
    live.record.add(finished);
  }
}

// What the engines show of the sequences of live requests.
class Views {
 public:
  // Null: the engine does not know the sequence yet, or not any more.
  const SequenceView* find(LoadedModel& model, SequenceId id) {
    const auto [of_model, is_new] = models_.try_emplace(&model);
    if (is_new) {
      for (const SequenceView& view : model.sequences()) of_model->second.emplace(view.id, view);
    }
    const auto view = of_model->second.find(id);
    return view == of_model->second.end() ? nullptr : &view->second;
  }

 private:
  std::unordered_map<LoadedModel*, std::unordered_map<SequenceId, SequenceView>> models_;
};

api::LiveLine line_of(const LiveRequest& live, size_t choice) {
  return {.id = live.id,
          .choice = static_cast<int32_t>(choice),
          .model = live.model,
          .client = live.client,
          .priority = live.priority};
}

// Of a request that no engine has got: it is read or tokenized, or waits for its model.
api::QueueLine line_before_engine(const LiveRequest& live, const std::vector<SeatWait>& line, int64_t age_ns) {
  api::QueueLine result{.line = line_of(live, 0), .age_ns = age_ns};
  const auto wait = std::ranges::find(line, live.waits_for_seat, &SeatWait::request);
  if (wait != line.end()) {
    result.view = SequenceView{.band = wait->band, .position = wait->position, .reason = WaitReason::model};
  }
  return result;
}

double tokens_per_second(const LiveSequence& sequence, const SequenceView& view, int64_t now_ns) {
  const int64_t ns = now_ns - sequence.first_text_ns;
  if (sequence.first_text_ns < 0 || ns <= 0) return 0;
  return static_cast<double>(std::max(0, view.generated_tokens - 1)) * 1e9 / static_cast<double>(ns);
}

}  // namespace

void LiveRequest::cancel() {
  if (std::exchange(cancelled, true)) return;
  if (when_cancelled) when_cancelled();
  for (const LiveSequence& sequence : sequences) {
    if (!sequence.ended && !sequence.kept_back) loaded->cancel(sequence.id);
  }
}

void EndedRequests::add(api::EndedLine line) {
  line.number = ++count_;
  lines_.push_back(std::move(line));
  if (lines_.size() > remembered_max) lines_.pop_front();
}

std::vector<api::EndedLine> EndedRequests::after(int64_t number) const {
  const auto begin = std::ranges::upper_bound(lines_, number, std::less{}, &api::EndedLine::number);
  return {begin, lines_.end()};
}

void LiveRequest::log_end(size_t choice, const Finished* finished, int64_t now_ns) const {
  if (log == nullptr) return;
  log->add({.line = line_of(*this, choice),
            .reason = finished == nullptr ? FinishReason::cancelled : finished->reason,
            .has_stats = finished != nullptr,
            .stats = finished == nullptr ? RequestStats{} : finished->stats,
            .prompt_tokens = choice < sequences.size() ? sequences[choice].prompt_tokens : 0,
            .arrived_ns = arrived_ns,
            .ended_ns = now_ns});
}

LiveRequests::Entry::Entry(LiveRequests& table, std::string id, int64_t arrived_ns)
    : table_(table), request_(*table.requests_.emplace(id, std::make_unique<LiveRequest>()).first->second) {
  QUIRE_CHECK(request_.id.empty(), "ids of live requests differ");
  request_.id = std::move(id);
  request_.arrived_ns = arrived_ns;
  request_.log = &table.ended_;
}

LiveRequests::Entry::~Entry() {
  table_.requests_.erase(std::string(request_.id));
  if (table_.when_gone_) table_.when_gone_();
}

bool LiveRequests::cancel(const std::string& id) {
  const auto found = requests_.find(id);
  if (found == requests_.end() || !found->second->generates) return false;
  found->second->cancel();  // one that is on its way stops there
  return true;
}

size_t LiveRequests::generating() const {
  return static_cast<size_t>(
      std::ranges::count_if(requests_, [](const auto& entry) { return entry.second->generates; }));
}

size_t LiveRequests::arriving() const {
  return static_cast<size_t>(std::ranges::count_if(
      requests_, [](const auto& entry) { return entry.second->generates && entry.second->loaded == nullptr; }));
}

std::vector<api::QueueLine> LiveRequests::queue(int64_t now_ns) const {
  std::vector<api::QueueLine> lines;
  Views views;
  const std::vector<SeatWait> seats = seat_line_();
  for (const auto& [id, live] : requests_) {
    if (!live->generates) continue;
    const int64_t age_ns = now_ns - live->arrived_ns;
    if (live->loaded == nullptr) lines.push_back(line_before_engine(*live, seats, age_ns));
    for (size_t choice = 0; live->loaded != nullptr && choice < live->sequences.size(); ++choice) {
      const LiveSequence& sequence = live->sequences[choice];
      const SequenceView* view = views.find(*live->loaded, sequence.id);
      if (sequence.ended || (view != nullptr && view->position < 0)) continue;
      api::QueueLine line{.line = line_of(*live, choice), .prompt_tokens = sequence.prompt_tokens, .age_ns = age_ns};
      if (view != nullptr) line.view = *view;
      if (view != nullptr && view->expected_start_ns >= 0) {
        line.expected_start_in_ns = std::max<int64_t>(0, view->expected_start_ns - now_ns);
      }
      lines.push_back(std::move(line));
    }
  }
  std::ranges::stable_sort(lines, std::less{}, [](const api::QueueLine& of) {
    return std::tuple(!of.view, of.view ? of.line.model : std::string(), of.view ? of.view->position : 0, -of.age_ns);
  });
  return lines;
}

std::vector<api::ContextLine> LiveRequests::contexts(int64_t now_ns) const {
  std::vector<api::ContextLine> lines;
  Views views;
  for (const auto& [id, live] : requests_) {
    for (size_t choice = 0; live->loaded != nullptr && choice < live->sequences.size(); ++choice) {
      const LiveSequence& sequence = live->sequences[choice];
      const SequenceView* view = views.find(*live->loaded, sequence.id);
      if (sequence.ended || view == nullptr || view->state == SequenceState::waiting) continue;
      const int64_t started_ns = view->started_ns < 0 ? now_ns : view->started_ns;
      std::optional<int64_t> first_token_in_ns;
      if (sequence.first_text_ns >= 0) first_token_in_ns = sequence.first_text_ns - live->arrived_ns;
      lines.push_back({.line = line_of(*live, choice),
                       .view = *view,
                       .age_ns = now_ns - live->arrived_ns,
                       .wait_ns = started_ns - live->arrived_ns,
                       .tokens_per_second = tokens_per_second(sequence, *view, now_ns),
                       .first_token_in_ns = first_token_in_ns});
    }
  }
  std::ranges::stable_sort(lines, std::greater{}, &api::ContextLine::age_ns);
  return lines;
}

Submission::Submission(LiveRequest& live, LoadedModel& model, const std::vector<Request>& requests) : live_(live) {
  live_.loaded = &model;
  for (const Request& request : requests) {
    live_.sequences.push_back(
        {.id = request.id, .prompt_tokens = static_cast<int32_t>(request.prompt.size()), .kept_back = true});
  }
}

Submission::~Submission() {
  try {
    record_the_unended(live_);
  } catch (const std::bad_alloc&) {
    // The log says less of it.
  }
  live_.cancel();
  live_.loaded = nullptr;
  live_.sequences.clear();
  live_.generates = false;
}

Result<void> Submission::submit(std::vector<Request> requests) {
  requests_ = std::move(requests);
  while (handed_ < std::min(requests_.size(), together_max)) QUIRE_TRY_VOID(submit_next());
  return {};
}

Result<void> Submission::submit_next() {
  if (handed_ == requests_.size() || live_.cancelled) return {};
  live_.sequences[handed_].kept_back = false;
  Result<void> submitted = live_.loaded->submit(std::move(requests_[handed_]));
  if (submitted) {
    ++handed_;
    return {};
  }
  for (size_t unsent = handed_; unsent < requests_.size(); ++unsent) live_.sequences[unsent].ended = true;
  live_.record.refusal = Refusal::queue_full;
  live_.cancel();
  return submitted;
}

}  // namespace quire::server
