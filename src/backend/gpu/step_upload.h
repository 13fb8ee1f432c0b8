// What a step's operations read of the host, as they read it on the GPU: all of it in one copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "backend/gpu/gpu_queue.h"

namespace quire {

// Where it is on the GPU.
struct GpuStep {
  struct Turns {
    const float* cosines = nullptr;  // (rows, rotary / 2)
    const float* sines = nullptr;
    int64_t rotary = 0;
  };
  struct Shape {
    AttentionShape shape;
    bool windowed = false;   // its rows are those of window_rows
    int64_t chunks_max = 0;  // the most chunks of keys that a row sees
  };

  int64_t row_count = 0;                       // of the runs
  const gpu::RowPlace* rows = nullptr;         // (row_count)
  const gpu::RowPlace* window_rows = nullptr;  // the same; null: none
  std::vector<Turns> turns;                    // by kind
  std::vector<Shape> shapes;                   // of attention
  const float* row_scales = nullptr;
  const int32_t* gathered_rows = nullptr;
  const int32_t* drafted_rows = nullptr;
  const gpu::StateRun* state_runs = nullptr;
  int64_t state_run_count = 0;
  const gpu::StateCopy* state_copies = nullptr;
  const int32_t* run_of = nullptr;  // (run_of_count): of each row, its state run; -1: of none, as all that follow
  int64_t run_of_count = 0;
};

// Owned by a scratch; one step at a time. What it holds is the last build's.
class StepUpload {
 public:
  // Of bytes that will be there on the GPU, which is aligned to 64 bytes.
  void build(const StepInputs& inputs, DeviceAddress there);
  std::span<const std::byte> bytes() const { return bytes_; }

  const GpuStep& step() const { return step_; }
  // As it was told.
  const StepInputs& inputs() const { return inputs_; }

 private:
  // Where a copy of these will be.
  template <typename T>
  const T* add(std::span<const T> values);
  const gpu::RowPlace* add_rows(std::span<const RowRun> runs);
  void add_state_runs(std::span<const StateRun> runs);
  // The positions behind its own that a row may see, over all shapes.
  int64_t after_max() const;

  StepInputs inputs_;
  DeviceAddress there_;
  std::vector<std::byte> bytes_;
  GpuStep step_;
  std::vector<gpu::RowPlace> places_;  // scratch of add_rows
  std::vector<gpu::StateRun> state_runs_;
  std::vector<gpu::StateCopy> state_copies_;
  std::vector<int32_t> run_of_;
};

}  // namespace quire
