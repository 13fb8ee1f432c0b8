#include "backend/gpu/gpu_scratch.h"

#include <algorithm>
#include <utility>

#include "base/array_layout.h"

namespace quire {
namespace {

constexpr uint64_t grown_bytes_min = uint64_t{64} << 10;

}  // namespace

GpuHostMemory::~GpuHostMemory() {
  if (bytes_ != nullptr) queue_.free_host(bytes_);
}

Result<std::byte*> GpuHostMemory::room(uint64_t size_bytes) {
  if (size_bytes > size_bytes_) {
    const uint64_t grown = std::max(2 * size_bytes, grown_bytes_min);
    QUIRE_TRY(std::byte* const bytes, queue_.allocate_host(grown));
    if (bytes_ != nullptr) queue_.free_host(bytes_);
    bytes_ = bytes;
    size_bytes_ = grown;
  }
  return bytes_;
}

uint64_t GpuArrays::place(const StepShape& shape, DeviceAddress start) {
  const int64_t rows = shape.rows_max;
  ArrayLayout layout;
  const auto put = [&](DeviceAddress& array, int64_t count, size_t element_bytes) {
    array = start + static_cast<int64_t>(layout.place(static_cast<uint64_t>(count) * element_bytes));
  };
  const ExpertShape& experts = shape.experts;
  const int64_t inputs = std::max({shape.input_max, shape.heads_input, experts.width});
  put(form, rows * (inputs / quant_group), sizeof(gpu::QuantizedGroup));
  const int64_t splits = shape.kv_type == KvType::f32 ? 2 * rows : 0;
  put(split_q, splits * shape.q_width, sizeof(float));
  put(split_out, splits * shape.q_width, sizeof(float));
  put(split_k, splits * shape.kv_width, sizeof(float));
  put(split_v, splits * shape.kv_width, sizeof(float));
  put(chunk_weights, split_chunks_max * attention_chunk, sizeof(float));
  put(chunk_maxima, split_chunks_max, sizeof(float));
  put(chunk_carries, split_chunks_max, sizeof(float));
  put(chunk_sums, split_chunks_max, sizeof(float));
  const int64_t pair_count = rows * experts.used;
  put(pair_gate, pair_count * experts.hidden, sizeof(float));
  put(pair_up, pair_count * experts.hidden, sizeof(float));
  put(pair_y, pair_count * experts.width, sizeof(float));
  put(pair_form, pair_count * (experts.hidden / quant_group), sizeof(gpu::QuantizedGroup));
  put(pair_rows, pair_count, sizeof(int32_t));
  put(pairs, pair_count, sizeof(int32_t));
  put(pair_tiles, gpu::PlanExperts::tiles_max(pair_count, experts.count, 1), sizeof(gpu::MatrixRows));
  put(largest_rows, rows, sizeof(int32_t));
  put(largest, rows, sizeof(int32_t));
  return layout.size_bytes();
}

Result<std::unique_ptr<GpuScratch>> GpuScratch::create(const StepShape& shape, GpuQueue& queue, Device& device) {
  std::unique_ptr<GpuScratch> scratch(new GpuScratch(queue, device));
  QUIRE_TRY(scratch->memory_,
            device.allocate(size_bytes(shape), MemoryUse::sparse, "what operations make on their way"));
  scratch->arrays.place(shape, scratch->memory_.address());
  scratch->stored.resize(static_cast<size_t>(shape.rows_max * shape.stored_row_bytes));
  return scratch;
}

Result<void> GpuScratch::upload(const StepInputs& inputs) {
  inputs_.build(inputs, input_memory_.address());
  if (inputs_.bytes().size() > input_memory_.size_bytes()) {
    const uint64_t grown = std::max<uint64_t>(2 * inputs_.bytes().size(), grown_bytes_min);
    input_memory_ = {};
    QUIRE_TRY(input_memory_, device_.allocate(grown, MemoryUse::sparse, "a step's inputs"));
    inputs_.build(inputs, input_memory_.address());
  }
  queue_.upload(input_memory_.address(), inputs_.bytes());
  return {};
}

}  // namespace quire
