// Recurrent layers: convolutions over the last rows, and states that each row overwrites.
#include <algorithm>

#include "backend/gpu/gpu_backend.h"
#include "backend/gpu/gpu_launch.h"
#include "base/check.h"

namespace quire {
gpu::StateArgs GpuBackend::state_args(const StateView& state) const {
  const GpuStep& step = scratch_->step();
  return {.states = device_floats(state.states),
          .stride = state.stride_bytes / static_cast<int64_t>(sizeof(float)),
          .runs = step.state_runs,
          .run_count = step.state_run_count,
          .copies = step.state_copies};
}

void GpuBackend::convolve(Rows x, const Convolution& convolution, const StateView& state, Rows y) {
  QUIRE_CHECK(convolution.channels() == x.width && y.width == x.width, "shapes fit");
  const GpuStep& step = scratch_->step();
  const gpu::ConvolveArgs args = {.state = state_args(state),
                                  .x = device_floats(x.values),
                                  .y = device_floats(y.values),
                                  .rows = std::min(x.count, step.run_of_count),
                                  .channels = x.width,
                                  .taps = convolution.taps,
                                  .weight = device_floats(convolution.weight),
                                  .bias = device_floats(convolution.bias),
                                  .run_of = step.run_of,
                                  .silu = convolution.silu};
  launch<gpu::Convolve>(*queue_, args);
  launch<gpu::StoreConvolved>(*queue_, args);
}

void GpuBackend::recur(const RecurrenceRows& rows, const Recurrence& recurrence, const StateView& state) {
  QUIRE_CHECK(recurrence.key_dim <= gpu::recur_rows_max && rows.v.width == recurrence.heads * recurrence.value_dim &&
                  rows.out.width == rows.v.width && rows.k.width == recurrence.key_heads * recurrence.key_dim &&
                  rows.q.width == rows.k.width,
              "shapes fit");
  static_assert(gpu::recur_rows_max >= state_rows_max, "any state that a model may have");
  launch<gpu::Recur>(*queue_, {.state = state_args(state),
                               .q = device_floats(rows.q.values),
                               .k = device_floats(rows.k.values),
                               .v = device_floats(rows.v.values),
                               .decays = device_floats(rows.decays.values),
                               .weights = device_floats(rows.weights.values),
                               .out = device_floats(rows.out.values),
                               .skip = device_floats(recurrence.skip),
                               .heads = recurrence.heads,
                               .key_heads = recurrence.key_heads,
                               .key_dim = recurrence.key_dim,
                               .value_dim = recurrence.value_dim,
                               .neighbours = recurrence.keys == KeyHeads::neighbours,
                               .corrects = recurrence.corrects,
                               .scale = recurrence.scale});
}

}  // namespace quire
