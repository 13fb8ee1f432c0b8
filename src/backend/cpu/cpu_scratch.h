// Where the CPU's operations put what they make on their way through a step.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/attention_plan.h"
#include "backend/cpu/expert_plan.h"
#include "backend/cpu/host_device.h"
#include "backend/cpu/page_memory.h"
#include "base/result.h"

namespace quire {

// Rows as the host sees them.
struct HostRows {
  explicit HostRows(Rows rows) : values(host_floats(rows.values)), count(rows.count), width(rows.width) {}
  HostRows(float* rows, int64_t row_count, int64_t row_width) : values(rows), count(row_count), width(row_width) {}
  float* row(int64_t index) const { return values + index * width; }

  float* values;  // (count, width)
  int64_t count;
  int64_t width;
};

// Sized for the widest operation. What was never used costs no memory; nothing is allocated in a step.
class CpuScratch final : public StepScratch {
 public:
  static Result<std::unique_ptr<CpuScratch>> create(const StepShape& shape);
  static uint64_t size_bytes(const StepShape& shape);

  std::byte* stored = nullptr;     // (rows, stored_row_bytes): rows of the token table as its file has them
  std::byte* quantized = nullptr;  // (rows, inputs / 32, quantized_group_bytes): the int8 form of a matmul's input
  uint16_t* rounded = nullptr;     // (rows, inputs rounded up to whole pairs): the bf16 form that BF16 weights read
  uint16_t* bf16 = nullptr;        // (rows rounded up to whole blocks of 16, inputs): the bf16 form of prompt rows
  float* head_rows = nullptr;      // (heads, rows, inputs): what matrices of heads read
  // Split heads, for KV of type f32 only.
  float* split_q = nullptr;                    // (rows, 2 * q_width)
  float* split_out = nullptr;                  // (rows, 2 * q_width)
  float* split_k = nullptr;                    // (rows, 2 * kv_width)
  float* split_v = nullptr;                    // (rows, 2 * kv_width)
  std::vector<AttentionPlan> attention_plans;  // by shape
  // Of pairs of a row and one of its experts, in the plan's order.
  float* pair_rows = nullptr;  // (pairs, width): what the first matmuls read, then what the last gives
  float* pair_gate = nullptr;  // (pairs, hidden)
  float* pair_up = nullptr;    // (pairs, hidden)
  std::byte* pair_quantized =
      nullptr;                       // (pairs, inputs / 32, quantized_group_bytes): the int8 form of a matmul's input
  uint16_t* pair_rounded = nullptr;  // (pairs, inputs rounded up to whole pairs): the bf16 form
  ExpertPlan expert_plan;
  std::vector<int32_t> largest;  // (rows): of finish()
  float* no_row = nullptr;       // (convolved): zeros, which a convolution reads before a sequence's first row

 private:
  explicit CpuScratch(const StepShape& shape)
      : expert_plan(shape.rows_max * shape.experts.used, shape.experts.count),
        largest(static_cast<size_t>(shape.rows_max)) {}
  // Gives every array its place from `start` on, null: none. Returns the bytes of all.
  uint64_t place(const StepShape& shape, std::byte* start);

  PageMemory memory_;
};

}  // namespace quire
