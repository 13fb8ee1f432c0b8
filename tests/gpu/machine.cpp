#include "gpu/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "base/check.h"
#include "gpu/fiber.h"

namespace quire::test {
namespace {

constexpr int lanes = gpu::warp_size;

enum class ThreadState : uint8_t { ready, at_barrier, at_meeting, done };

// What the lanes of a warp bring to a shuffle or a tile, by lane.
using Words = std::array<uint32_t, 6>;

// 16 bytes on their way into shared memory.
struct Copy {
  void* to;
  const void* from;
  int batch;
};

struct Thread {
  Fiber fiber;
  ThreadState state = ThreadState::done;
  std::vector<Copy> copies;  // made when they are waited for, as late as they may be
  int batch = 0;
};

// Where a warp's lanes meet. Of two meetings that follow one another the words lie apart: a lane may come to the next
// one before all have read this one's.
struct Warp {
  std::array<std::array<Words, lanes>, 2> words;
  int arrived = 0;
  int meeting = 0;
};

struct Place {
  int thread = 0;
  int64_t block = 0;
};
Place place;                                // of the thread that runs
Machine* machine = nullptr;                 // that it runs on
const FunctionRef<void()>* body = nullptr;  // what it does
bool runs_kernel = false;                   // and not what belongs to the machine

// Numbers from a seed, quickly.
class Draw {
 public:
  void seed(uint64_t seed) { state_ = seed | 1; }
  bool one_in(uint32_t count) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<uint32_t>(state_ >> 32) % count == 0;
  }

 private:
  uint64_t state_ = 1;
};
Draw draw;

// While it lives the machine runs, for a thread that called it. Other threads may run in between.
class Called {
 public:
  Called() {
    runs_kernel = false;
    if (machine->observer() != nullptr) machine->observer()->settle();
  }
  Called(const Called&) = delete;
  Called& operator=(const Called&) = delete;
  ~Called() { runs_kernel = true; }
};

}  // namespace

class Machine::Block {
 public:
  // All threads from the beginning to the end.
  void run(int threads, std::mt19937_64& random);

  void wait_for_all() { stop(ThreadState::at_barrier); }
  // All lanes' words. Theirs until the next meeting but one.
  const std::array<Words, lanes>& meet(const Words& own, bool is_barrier = false);
  void end() { stop(ThreadState::done); }
  void give_way() { stop(ThreadState::ready); }
  bool is_own(const std::byte* address) {
    const std::span stack = own().fiber.stack();
    return address >= stack.data() && address < stack.data() + stack.size();
  }

  void copy(void* to, const void* from);
  void close_copies() { ++own().batch; }
  void wait_for_copies_but(int left);

 private:
  Thread& own() { return threads_[static_cast<size_t>(place.thread)]; }
  void stop(ThreadState state) {
    own().state = state;
    own().fiber.leave();
  }
  bool run_ready(std::mt19937_64& random);
  bool let_through();

  std::vector<Thread> threads_;
  std::vector<Warp> warps_;
  std::vector<int> order_;
  size_t count_ = 0;
};

namespace {

Machine::Block* block = nullptr;

}  // namespace

bool Machine::Block::run_ready(std::mt19937_64& random) {
  bool ran = false;
  std::shuffle(order_.begin(), order_.end(), random);
  for (const int index : order_) {
    Thread& thread = threads_[static_cast<size_t>(index)];
    if (thread.state != ThreadState::ready) continue;
    place.thread = index;
    thread.fiber.enter();
    ran = true;
  }
  return ran;
}

// Where all threads are at a barrier.
bool Machine::Block::let_through() {
  const std::span threads = std::span(threads_).first(count_);
  if (!std::ranges::all_of(threads, [](const Thread& t) { return t.state == ThreadState::at_barrier; })) return false;
  for (Thread& thread : threads) thread.state = ThreadState::ready;
  if (machine->observer() != nullptr) machine->observer()->pass_barrier();
  return true;
}

void Machine::Block::run(int threads, std::mt19937_64& random) {
  count_ = static_cast<size_t>(threads);
  if (threads_.size() < count_) threads_.resize(count_);
  warps_.assign(count_ / lanes, {});
  order_.resize(count_);
  std::iota(order_.begin(), order_.end(), 0);
  for (Thread& thread : std::span(threads_).first(count_)) {
    thread.fiber.start([] {
      runs_kernel = true;
      (*body)();
      const Called called;
      block->end();
    });
    thread.state = ThreadState::ready;
    thread.copies.clear();
    thread.batch = 0;
  }
  while (run_ready(random) || let_through()) {
  }
  const bool ended = std::ranges::all_of(std::span(threads_).first(count_),
                                         [](const Thread& thread) { return thread.state == ThreadState::done; });
  QUIRE_CHECK(ended, "all threads reach the same barriers, and all of a warp the same shuffles");
}

const std::array<Words, lanes>& Machine::Block::meet(const Words& own, bool is_barrier) {
  const auto lane = static_cast<size_t>(place.thread % lanes), index = static_cast<size_t>(place.thread / lanes);
  Warp& warp = warps_[index];
  std::array<Words, lanes>& words = warp.words[static_cast<size_t>(warp.meeting % 2)];
  words[lane] = own;
  if (++warp.arrived < lanes) {
    stop(ThreadState::at_meeting);
    return words;
  }
  warp.arrived = 0;
  ++warp.meeting;
  if (is_barrier && machine->observer() != nullptr) machine->observer()->pass_warp_barrier(static_cast<int>(index));
  for (Thread& thread : std::span(threads_).subspan(index * lanes, lanes)) {
    if (thread.state == ThreadState::at_meeting) thread.state = ThreadState::ready;
  }
  return words;
}

void Machine::Block::copy(void* to, const void* from) {
  own().copies.push_back({to, from, own().batch});
  if (machine->observer() == nullptr) return;
  machine->observer()->begin_copy(place.thread, static_cast<std::byte*>(to), static_cast<const std::byte*>(from));
}

void Machine::Block::wait_for_copies_but(int left) {
  const int end = own().batch - left;
  std::erase_if(own().copies, [end](const Copy& copy) {
    if (copy.batch >= end) return false;
    std::memcpy(copy.to, copy.from, 16);
    if (machine->observer() != nullptr) machine->observer()->end_copy(place.thread, static_cast<std::byte*>(copy.to));
    return true;
  });
}

bool BarrierSite::operator==(const BarrierSite& other) const {
  return line == other.line && std::strcmp(file, other.file) == 0;
}

std::string BarrierSite::name() const {
  const char* const slash = std::strrchr(file, '/');
  return fmt::format("{}:{}", slash == nullptr ? file : slash + 1, line);
}

Machine::Machine(uint64_t seed) : random_(seed), block_(std::make_unique<Block>()) {}
Machine::~Machine() = default;

bool Machine::gives_way() const { return accesses_between_ != 0 && draw.one_in(accesses_between_); }

bool Machine::holds(const BarrierSite& site) {
  if (std::ranges::find(sites_, site) == sites_.end()) sites_.push_back(site);
  return std::ranges::find(left_out_, site) == left_out_.end();
}

void Machine::take_arguments(std::string_view kernel, std::span<std::byte> arguments) {
  constexpr int64_t counted_max = int64_t{1} << 20;
  if (!notes_launches_ && bent_.kernel != kernel) return;
  for (size_t word = 0; word < arguments.size() / sizeof(int64_t); ++word) {
    int64_t value;
    std::memcpy(&value, arguments.data() + word * sizeof(value), sizeof(value));
    if (value < 2 || value > counted_max) continue;
    const Argument argument = {kernel, word};
    if (notes_launches_ && std::ranges::find(arguments_, argument) == arguments_.end()) arguments_.push_back(argument);
    if (argument == bent_) --value;
    std::memcpy(arguments.data() + word * sizeof(value), &value, sizeof(value));
  }
}

void Machine::launch(std::string_view kernel, gpu::Grid grid, int threads, std::span<std::byte> shared,
                     FunctionRef<void()> run) {
  if (notes_launches_ && std::ranges::find(launched_, kernel) == launched_.end()) launched_.push_back(kernel);
  if (skips_launches_) return;
  machine = this;
  block = block_.get();
  body = &run;
  draw.seed(random_());
  if (observer_ != nullptr) observer_->begin_launch(kernel, shared);
  std::vector<int64_t> blocks(static_cast<size_t>(grid.blocks));
  std::iota(blocks.begin(), blocks.end(), 0);
  std::shuffle(blocks.begin(), blocks.end(), random_);
  for (const int64_t index : blocks) {
    place.block = index;
    std::ranges::fill(shared, std::byte{0xFF});
    if (observer_ != nullptr) observer_->begin_block();
    block_->run(threads, random_);
  }
}

void announce(const Access& access) {
  if (!runs_kernel || block->is_own(access.address)) return;
  if (machine->gives_way()) {
    const Called called;
    block->give_way();
  }
  if (machine->observer() == nullptr) return;
  machine->observer()->settle();
  machine->observer()->access(place.thread, access);
}

}  // namespace quire::test

// What kernels/gpu/thread.h leaves to its machine.
namespace quire::gpu {
namespace {

using test::Called;
using test::place;

test::Machine::Block& own_block() { return *test::block; }

int own_lane() { return place.thread % warp_size; }

uint32_t value_of(uint32_t value, int lane) {
  const Called called;
  return own_block().meet({value})[static_cast<size_t>(lane < warp_size ? lane : own_lane())][0];
}

// Byte k % 4 of a word.
int32_t signed_byte(uint32_t word, int k) { return static_cast<int8_t>(word >> 8 * (k % 4)); }

}  // namespace

int thread_index() { return place.thread; }
int64_t block_index() { return place.block; }

void barrier(Site site) {
  const Called called;
  if (test::machine->holds({site.file_name(), site.line()})) own_block().wait_for_all();
}
void warp_barrier(Site site) {
  const Called called;
  if (test::machine->holds({site.file_name(), site.line()})) own_block().meet({}, true);
}

uint32_t shuffle_down(uint32_t value, int distance) { return value_of(value, own_lane() + distance); }
uint32_t shuffle_xor(uint32_t value, int mask) { return value_of(value, own_lane() ^ mask); }
uint32_t shuffle_from(uint32_t value, int lane) { return value_of(value, lane); }

void copy_async(void* shared, const void* from) {
  const Called called;
  own_block().copy(shared, from);
}
void close_copies() { own_block().close_copies(); }
void wait_for_copies_but(int left, Site site) {
  const Called called;
  if (test::machine->holds({site.file_name(), site.line()})) own_block().wait_for_copies_but(left);
}

// Lane 4 i + j has, of a, the words of inputs 4 j (and 16 + 4 j) of rows i and i + 8, of b those of column i.
void multiply_tile(int32_t begin, const uint32_t (&a)[4], const uint32_t (&b)[2], int32_t (&sums)[4]) {
  const Called called;
  const auto& words = own_block().meet({a[0], a[1], a[2], a[3], b[0], b[1]});
  for (size_t i = 0; i < 4; ++i) {
    const size_t row = static_cast<size_t>(own_lane() / 4), column = static_cast<size_t>(own_lane() % 4) * 2 + i % 2;
    sums[i] = begin;
    for (int k = 0; k < 32; ++k) {
      const size_t word = static_cast<size_t>(k % 16 / 4), half = static_cast<size_t>(k / 16);
      sums[i] +=
          signed_byte(words[4 * row + word][2 * half + i / 2], k) * signed_byte(words[4 * column + word][4 + half], k);
    }
  }
}

void multiply_half_tile(int32_t begin, uint32_t a0, uint32_t a1, uint32_t b, int32_t (&sums)[4]) {
  multiply_tile(begin, {a0, a1, 0, 0}, {b, 0}, sums);
}

}  // namespace quire::gpu
