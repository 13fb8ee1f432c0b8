// Several who want one model share one pull.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/registry/progress.h"

namespace quire::store::registry {

// One pull (or push) that runs somewhere, and everybody who watches it. A plain value without a thread: its owner, one
// thread, hands it what the working thread reports (as values through a mailbox or a post), and it hands that on.
//
// Who comes later first hears how far it is: the latest line of each kind, in the order of their beginning. When the
// last one has left, nobody wants it any more: the owner tells the working thread to stop.
class PullJob {
 public:
  struct Listener {
    std::function<void(const Progress&)> on_progress;
    std::function<void(const Result<void>&)> on_end;  // once, last
  };
  using ListenerId = uint64_t;

  ListenerId join(Listener listener);
  // It hears nothing any more. After the end, and for an id that is not there, nothing happens.
  void leave(ListenerId id);
  bool wanted() const { return !listeners_.empty(); }

  void report(const Progress& progress);
  void end(Result<void> result);
  bool ended() const { return result_.has_value(); }

 private:
  std::map<ListenerId, Listener> listeners_;
  std::vector<Progress> latest_;  // one of each status
  std::optional<Result<void>> result_;
  ListenerId last_id_ = 0;
};

}  // namespace quire::store::registry
