#include "base/team.h"

#include "base/check.h"
#include "base/clock.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace quire {
namespace {

// A step forks hundreds of times with a few microseconds between; a worker that spins this long (about 50 us)
// does not pay a wake-up inside a step, and an idle server does not burn a core.
constexpr int spin_rounds = 4000;

void pause_briefly() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("isb");  // waits some tens of cycles, as pause does; yield is a nop on most processors
#endif
}

constexpr int tile_bits = 20;

uint64_t pack_share(uint64_t job, int64_t begin, int64_t end) {
  return job << (2 * tile_bits) | static_cast<uint64_t>(begin) << tile_bits | static_cast<uint64_t>(end);
}

}  // namespace

Team::Team(int worker_count)
    : worker_count_(worker_count),
      cpus_(worker_count),
      busy_(static_cast<size_t>(worker_count)),
      shares_(static_cast<size_t>(worker_count)) {
  QUIRE_CHECK(worker_count >= 1, "the caller is a worker");
  threads_.reserve(static_cast<size_t>(worker_count));
  try {
    for (int worker = 1; worker < worker_count; ++worker)
      threads_.emplace_back([this, worker] { worker_main(worker); });
  } catch (const std::exception&) {
    worker_count_ = 1 + static_cast<int>(threads_.size());  // no job has begun: nobody has read it
  }
}

Team::~Team() {
  stop_.store(true, std::memory_order_relaxed);
  {
    std::lock_guard lock(sleep_mutex_);
    generation_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Team::parallel_for(int64_t count, FunctionRef<void(int64_t, int)> body) {
  if (count <= 0) return;
  std::lock_guard turn(turn_);
  if (worker_count_ == 1 || count == 1) {
    const int64_t begin_ns = SteadyClock().now_ns();
    for (int64_t index = 0; index < count; ++index) body(index, 0);
    add_busy(0, begin_ns);
    return;
  }
  QUIRE_CHECK(count <= tiles_max, "tiles are counted in 20 bits");
  cpus_.avoid_caller(threads_);
  body_ = &body;
  unfinished_.store(count, std::memory_order_relaxed);
  const uint64_t job = generation_.load(std::memory_order_relaxed) + 1;
  for (int worker = 0; worker < worker_count_; ++worker) {
    const uint64_t share = pack_share(job, count * worker / worker_count_, count * (worker + 1) / worker_count_);
    shares_[static_cast<size_t>(worker)].tiles.store(share, std::memory_order_release);
  }
  generation_.fetch_add(1, std::memory_order_seq_cst);  // publishes the job, ordered before the look at sleeping_
  if (sleeping_.load(std::memory_order_seq_cst) > 0) {
    std::lock_guard lock(sleep_mutex_);  // a worker between its last look and its wait holds this
    wake_.notify_all();
  }
  work(0);
  for (int round = 0; unfinished_.load(std::memory_order_acquire) > 0; ++round) {
    // Somebody else may have the core of a worker with a tile: this one is free for it.
    round < spin_rounds ? pause_briefly() : std::this_thread::yield();
  }
  std::exception_ptr failure;
  {
    std::lock_guard lock(sleep_mutex_);
    std::swap(failure, failure_);
  }
  if (failure != nullptr) std::rethrow_exception(failure);
}

// The other tiles of the job are done all the same: somebody counts them.
void Team::call(int64_t index, int worker) {
  try {
    (*body_)(index, worker);
  } catch (...) {
    std::lock_guard lock(sleep_mutex_);
    failure_ = std::current_exception();
  }
}

bool Team::take(int worker, int64_t& index) {
  constexpr uint64_t tile_mask = (uint64_t{1} << tile_bits) - 1;
  for (int distance = 0; distance < worker_count_; ++distance) {
    std::atomic<uint64_t>& tiles = shares_[static_cast<size_t>((worker + distance) % worker_count_)].tiles;
    uint64_t left = tiles.load(std::memory_order_acquire);
    for (;;) {
      const auto begin = static_cast<int64_t>(left >> tile_bits & tile_mask);
      const auto end = static_cast<int64_t>(left & tile_mask);
      if (begin == end) break;
      const bool own = distance == 0;
      const uint64_t rest = pack_share(left >> (2 * tile_bits), own ? begin + 1 : begin, own ? end : end - 1);
      if (tiles.compare_exchange_weak(left, rest, std::memory_order_acquire)) {
        index = own ? begin : end - 1;
        return true;
      }
    }
  }
  return false;
}

void Team::work(int worker) {
  const int64_t begin_ns = SteadyClock().now_ns();
  int64_t done = 0;
  for (int64_t index = 0; take(worker, index); ++done) call(index, worker);
  if (done == 0) return;
  add_busy(worker, begin_ns);  // before the caller may go on and ask
  unfinished_.fetch_sub(done, std::memory_order_release);
}

void Team::add_busy(int worker, int64_t begin_ns) {
  busy_[static_cast<size_t>(worker)].ns.fetch_add(SteadyClock().now_ns() - begin_ns, std::memory_order_relaxed);
}

std::vector<int64_t> Team::busy_ns() const {
  std::vector<int64_t> ns;
  for (int worker = 0; worker < worker_count_; ++worker) {
    ns.push_back(busy_[static_cast<size_t>(worker)].ns.load(std::memory_order_relaxed));
  }
  return ns;
}

void Team::worker_main(int worker) {
  uint32_t seen = 0;
  for (;;) {
    int round = 0;
    while (generation_.load(std::memory_order_acquire) == seen) {
      if (++round < spin_rounds) {
        pause_briefly();
        continue;
      }
      std::unique_lock lock(sleep_mutex_);
      sleeping_.fetch_add(1, std::memory_order_seq_cst);
      wake_.wait(lock, [&] { return generation_.load(std::memory_order_seq_cst) != seen; });
      sleeping_.fetch_sub(1, std::memory_order_relaxed);
    }
    seen = generation_.load(std::memory_order_acquire);
    if (stop_.load(std::memory_order_relaxed)) return;
    work(worker);
  }
}

}  // namespace quire
