#include "cli/bench/gpu_roof.h"

#include <algorithm>
#include <utility>

#include "backend/cpu/roof.h"
#include "backend/gpu/gpu_launch.h"
#include "kernels/gpu/elementwise.h"

namespace quire::cli {
namespace {

constexpr uint64_t array_bytes_min = uint64_t{64} << 10;
constexpr uint64_t array_bytes_max = uint64_t{1} << 30;
constexpr double long_enough_seconds = 0.01;  // no GPU with room for more is as slow

// Two arrays on a GPU, of zeros.
class Arrays {
 public:
  static Result<Arrays> allocate(GpuQueue& queue, uint64_t size_bytes) {
    Arrays arrays(queue, size_bytes);
    QUIRE_TRY(arrays.x_, queue.allocate(size_bytes));
    QUIRE_TRY(arrays.y_, queue.allocate(size_bytes));
    arrays.fill();
    queue.fill(arrays.x_, std::byte{0}, size_bytes);
    return arrays;
  }
  Arrays(Arrays&& other) noexcept
      : queue_(other.queue_),
        size_bytes_(other.size_bytes_),
        x_(std::exchange(other.x_, {})),
        y_(std::exchange(other.y_, {})) {}
  Arrays& operator=(Arrays&&) = delete;
  ~Arrays() {
    for (const DeviceAddress memory : {x_, y_}) {
      if (memory.value != 0) queue_.free(memory);
    }
  }

  void fill() { queue_.fill(y_, std::byte{0}, size_bytes_); }
  void add(uint64_t bytes) {
    launch<gpu::Combine<gpu::Add>>(queue_, {.y = device_floats(y_),
                                            .x = device_floats(x_),
                                            .rows = 1,
                                            .width = static_cast<int64_t>(bytes / sizeof(float))});
  }
  void add() { add(size_bytes_); }

 private:
  Arrays(GpuQueue& queue, uint64_t size_bytes) : queue_(queue), size_bytes_(size_bytes) {}

  GpuQueue& queue_;
  const uint64_t size_bytes_;
  DeviceAddress x_, y_;
};

// Of what is issued, until it has happened. By the clock on the wall: the GPU computes, not this thread.
double seconds_of(GpuQueue& queue, FunctionRef<void()> issue) {
  return best_seconds(
      [&] {
        issue();
        (void)queue.wait();  // an error stays, and is asked for behind
      },
      2, 0.1);
}

}  // namespace

Result<GpuRoof> measure_gpu_roof(const Gpu& gpu) {
  QUIRE_TRY(const std::unique_ptr<GpuQueue> queue, gpu.make_queue());
  QUIRE_TRY(const GpuMemory memory, queue->memory());
  const uint64_t bytes_max = std::min(array_bytes_max, memory.free_bytes / 4);
  for (uint64_t bytes = array_bytes_min;; bytes *= 4) {
    GpuRoof roof{.array_bytes = std::min(bytes, bytes_max) / 256 * 256};
    QUIRE_TRY(Arrays arrays, Arrays::allocate(*queue, roof.array_bytes));
    const double add_seconds = seconds_of(*queue, [&] { arrays.add(); });
    QUIRE_TRY_VOID(queue->wait());
    if (roof.array_bytes < bytes_max / 256 * 256 && add_seconds < long_enough_seconds) continue;
    const double fill_seconds = seconds_of(*queue, [&] { arrays.fill(); });
    roof.launch_seconds = seconds_of(*queue, [&] { arrays.add(sizeof(float)); });
    QUIRE_TRY_VOID(queue->wait());
    roof.add_bytes_per_second = 3.0 * static_cast<double>(roof.array_bytes) / add_seconds;
    roof.fill_bytes_per_second = static_cast<double>(roof.array_bytes) / fill_seconds;
    return roof;
  }
}

}  // namespace quire::cli
