#include "backend/cpu/cpu_scratch.h"

#include <algorithm>

#include "base/array_layout.h"
#include "base/bytes.h"

namespace quire {

uint64_t CpuScratch::place(const StepShape& shape, std::byte* start) {
  const int64_t rows = shape.rows_max;
  ArrayLayout layout;
  const auto put = [&]<typename T>(T*& array, int64_t count) {
    const uint64_t offset = layout.place(static_cast<uint64_t>(count) * sizeof(T));
    if (start != nullptr) array = reinterpret_cast<T*>(start + offset);
  };
  put(stored, rows * shape.stored_row_bytes);
  put(quantized, rows * (shape.input_max / quant_group) * quantized_group_bytes);
  put(rounded, rows * round_up<int64_t>(shape.input_max, 2));
  put(bf16, round_up(rows, bf16_block_rows) * shape.input_max);
  put(head_rows, rows * shape.heads_input);
  if (shape.kv_type == KvType::f32) {
    put(split_q, rows * 2 * shape.q_width);
    put(split_out, rows * 2 * shape.q_width);
    put(split_k, rows * 2 * shape.kv_width);
    put(split_v, rows * 2 * shape.kv_width);
  }
  const ExpertShape& experts = shape.experts;
  const int64_t pairs = rows * experts.used;
  const int64_t inputs = std::max(experts.width, experts.hidden);
  put(pair_rows, pairs * experts.width);
  put(pair_gate, pairs * experts.hidden);
  put(pair_up, pairs * experts.hidden);
  put(pair_quantized, pairs * (inputs / quant_group) * quantized_group_bytes);
  put(pair_rounded, pairs * round_up<int64_t>(inputs, 2));
  put(no_row, shape.convolved);
  return layout.size_bytes();
}

uint64_t CpuScratch::size_bytes(const StepShape& shape) { return CpuScratch(StepShape{}).place(shape, nullptr); }

Result<std::unique_ptr<CpuScratch>> CpuScratch::create(const StepShape& shape) {
  std::unique_ptr<CpuScratch> scratch(new CpuScratch(shape));
  QUIRE_TRY(scratch->memory_,
            PageMemory::allocate(size_bytes(shape), PageMemory::Pages::small, "what operations make on their way"));
  scratch->place(shape, scratch->memory_.bytes());
  for (int64_t i = 0; i < shape.attention_shapes; ++i) scratch->attention_plans.emplace_back(shape.rows_max);
  return scratch;
}

}  // namespace quire
