#include "store/registry/pull_job.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace quire::store::registry {

PullJob::ListenerId PullJob::join(Listener listener) {
  QUIRE_CHECK(!ended(), "who joins a job that has ended would wait for ever");
  for (const Progress& progress : latest_) listener.on_progress(progress);
  listeners_.emplace(++last_id_, std::move(listener));
  return last_id_;
}

void PullJob::leave(ListenerId id) { listeners_.erase(id); }

void PullJob::report(const Progress& progress) {
  const auto known = std::ranges::find(latest_, progress.status, &Progress::status);
  if (known == latest_.end()) {
    latest_.push_back(progress);
  } else {
    *known = progress;
  }
  // A listener may leave, or be the reason that another one leaves, while it listens.
  std::vector<ListenerId> ids;
  for (const auto& [id, listener] : listeners_) ids.push_back(id);
  for (const ListenerId id : ids) {
    const auto entry = listeners_.find(id);
    if (entry == listeners_.end()) continue;
    const auto on_progress = entry->second.on_progress;  // a copy: leaving destroys the listener
    on_progress(progress);
  }
}

void PullJob::end(Result<void> result) {
  QUIRE_CHECK(!ended(), "a job ends once");
  result_ = std::move(result);
  for (const auto& [id, listener] : std::exchange(listeners_, {})) listener.on_end(*result_);
}

}  // namespace quire::store::registry
