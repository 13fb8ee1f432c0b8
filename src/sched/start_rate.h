// How fast a queue moves.
#pragma once

#include <cstdint>

namespace quire {

// The mean time from one start to the next while somebody waits, over the last hundred starts or so. Engine thread
// only.
class StartRate {
 public:
  // `others_wait`: the queue is not empty after this start, so the time to the next one counts. Starts at the moment at
  // which a queue forms filled what places were free: they are no intervals.
  void started(int64_t now_ns, bool others_wait) {
    if (last_ns_ < 0) {
      begin_ns_ = now_ns;
    } else if (now_ns > begin_ns_) {
      elapsed_ns_ += now_ns - last_ns_;
      if (++intervals_ == 2 * memory) {
        intervals_ = memory;
        elapsed_ns_ /= 2;
      }
    }
    last_ns_ = others_wait ? now_ns : -1;
  }

  // -1: not known.
  int64_t interval_ns() const { return intervals_ == 0 ? -1 : elapsed_ns_ / intervals_; }

 private:
  static constexpr int64_t memory = 64;
  int64_t begin_ns_ = -1;  // of the time in which somebody waits
  int64_t last_ns_ = -1;
  int64_t elapsed_ns_ = 0;
  int64_t intervals_ = 0;
};

}  // namespace quire
