// Where a GPU's operations put what they make on their way through a step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "backend/gpu/gpu_queue.h"
#include "backend/gpu/step_upload.h"
#include "base/result.h"

namespace quire {

// Memory of the host that the GPU copies to. Borrows the queue.
class GpuHostMemory {
 public:
  explicit GpuHostMemory(GpuQueue& queue) : queue_(queue) {}
  ~GpuHostMemory();
  GpuHostMemory(const GpuHostMemory&) = delete;
  GpuHostMemory& operator=(const GpuHostMemory&) = delete;
  // Room for so many bytes, with anything in it. An error: there is none.
  Result<std::byte*> room(uint64_t size_bytes);

 private:
  GpuQueue& queue_;
  std::byte* bytes_ = nullptr;
  uint64_t size_bytes_ = 0;
};

// Chunks of keys that attention of few rows splits among warps, over all queries.
inline constexpr int64_t split_chunks_max = int64_t{1} << 17;

// Arrays of the GPU's memory, each for the widest operation.
struct GpuArrays {
  DeviceAddress form;  // (rows, inputs / 32): gpu::QuantizedGroup, the int8 form of a matmul's input
  // Split heads, for KV of type f32 only.
  DeviceAddress split_q;                                  // (rows, 2 * q_width)
  DeviceAddress split_out;                                // (rows, 2 * q_width)
  DeviceAddress split_k;                                  // (rows, 2 * kv_width)
  DeviceAddress split_v;                                  // (rows, 2 * kv_width)
  DeviceAddress chunk_weights;                            // (split_chunks_max, 32)
  DeviceAddress chunk_maxima, chunk_carries, chunk_sums;  // (split_chunks_max)
  // Of pairs of a row and one of its experts, in the plan's order.
  DeviceAddress pair_gate;   // (pairs, hidden)
  DeviceAddress pair_up;     // (pairs, hidden)
  DeviceAddress pair_y;      // (pairs, width)
  DeviceAddress pair_form;   // (pairs, hidden / 32): gpu::QuantizedGroup
  DeviceAddress pair_rows;   // (pairs): int32
  DeviceAddress pairs;       // (rows, used): int32
  DeviceAddress pair_tiles;  // gpu::MatrixRows
  // Of finish().
  DeviceAddress largest_rows;  // (rows): int32, of which rows the largest is asked for
  DeviceAddress largest;       // (rows): int32

  // Gives every array its place from `start` on. Returns the bytes of all.
  uint64_t place(const StepShape& shape, DeviceAddress start);
};

// What depends on how long contexts are, or on what a step is asked for, grows to the most that a step has needed;
// nothing else is allocated in a step.
class GpuScratch final : public StepScratch {
 public:
  static Result<std::unique_ptr<GpuScratch>> create(const StepShape& shape, GpuQueue& queue, Device& device);
  static uint64_t size_bytes(const StepShape& shape) { return GpuArrays().place(shape, {}); }

  // The inputs of a step are on the GPU when operations come to them. An error: they have no room.
  Result<void> upload(const StepInputs& inputs);
  const GpuStep& step() const { return inputs_.step(); }
  const StepInputs& host_inputs() const { return inputs_.inputs(); }

  GpuArrays arrays;
  // Of the host.
  GpuHostMemory results;
  std::vector<std::byte> stored;  // rows of the token table as its file has them
  std::vector<float> token_rows;  // the same as floats

 private:
  GpuScratch(GpuQueue& queue, Device& device) : results(queue), queue_(queue), device_(device) {}

  GpuQueue& queue_;
  Device& device_;
  DeviceMemory memory_;
  DeviceMemory input_memory_;
  StepUpload inputs_;
};

}  // namespace quire
