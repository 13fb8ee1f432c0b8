// Recurrent layers: convolutions over the last rows, and states that each row overwrites.
#include <algorithm>
#include <array>
#include <cstring>

#include "backend/cpu/cpu_backend.h"
#include "base/check.h"

namespace quire {
namespace {

void copy_floats(const float* from, int64_t count, float* to) {
  std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
}

// The first run that ends behind this row.
const StateRun* run_at(std::span<const StateRun> runs, int64_t row) {
  const auto found =
      std::ranges::upper_bound(runs, row, {}, [](const StateRun& run) { return run.row_begin + run.rows; });
  return std::to_address(found);
}

}  // namespace

void CpuBackend::l2_norm(Rows x, float epsilon) {
  const HostRows rows(x);
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) kernels_.l2_norm(rows.row(r), epsilon, x.width);
  });
}

void CpuBackend::time_steps(Rows x, const DeviceVector& bias, const DeviceVector& rates, Rows decays) {
  QUIRE_CHECK(bias.size == x.width && rates.size == x.width && decays.width == x.width, "one for each head");
  const HostRows rows(x), to(decays);
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      kernels_.time_steps(rows.row(r), host_floats(bias.values), host_floats(rates.values), x.width, to.row(r));
    }
  });
}

// index: from -(taps - 1) up to -1.
const float* CpuBackend::convolved_before(const StateRun& run, const StateView& state, int64_t channels,
                                          int64_t index) const {
  if (run.from < 0) return scratch_->no_row;
  return host_floats(state.of(run.from)) + index * channels;
}

void CpuBackend::store_convolved(const StateRun& run, HostRows x, int64_t taps, const StateView& state) const {
  const int64_t kept = taps - 1;
  const auto store = [&](int64_t behind, int64_t number) {
    float* const to = host_floats(state.of(number));
    for (int64_t i = 0; i < kept; ++i) {  // ascending: `to` may be the state that is read, further on
      const int64_t index = behind - kept + i;
      const float* const row =
          index >= 0 ? x.row(run.row_begin + index) : convolved_before(run, state.from(kept * x.width), x.width, index);
      if (row != to + i * x.width) copy_floats(row, x.width, to + i * x.width);
    }
  };
  for (const StateCopy& copy : run.copies) store(copy.rows, copy.state);
  store(run.certain, run.to);
}

void CpuBackend::convolve(Rows x, const Convolution& convolution, const StateView& state, Rows y) {
  const int64_t taps = convolution.taps;
  QUIRE_CHECK(taps <= convolution_taps_max && convolution.channels() == x.width && y.width == x.width, "shapes fit");
  const HostRows from(x), to(y);
  const std::span<const StateRun> runs = inputs_.state_runs;
  const StateView behind = state.from(convolution.state_size());
  const float* const bias = convolution.bias.size > 0 ? host_floats(convolution.bias.values) : nullptr;
  for_rows(x.count, x.width * taps, [&](int64_t begin, int64_t end) {
    std::array<const float*, convolution_taps_max> read{};
    for (const StateRun* run = run_at(runs, begin); run != std::to_address(runs.end()); ++run) {
      const int64_t last = std::min(end, run->row_begin + run->rows);
      for (int64_t r = std::max(begin, run->row_begin); r < last; ++r) {
        for (int64_t t = 0; t < taps; ++t) {
          const int64_t index = r - run->row_begin - (taps - 1) + t;
          read[static_cast<size_t>(t)] =
              index >= 0 ? from.row(run->row_begin + index) : convolved_before(*run, behind, x.width, index);
        }
        kernels_.convolve({.x = read.data(),
                           .weight = host_floats(convolution.weight.values),
                           .bias = bias,
                           .taps = taps,
                           .channels = x.width,
                           .silu = convolution.silu,
                           .y = to.row(r)});
      }
    }
  });
  for_rows(std::ssize(runs), x.width * taps, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) store_convolved(runs[static_cast<size_t>(i)], from, taps, state);
  });
}

void CpuBackend::walk(const StateRun& run, const RecurrenceRows& rows, const Recurrence& recurrence,
                      const StateView& state, int64_t head, int64_t panel) const {
  const int64_t size = recurrence.key_dim * panel_outputs;
  const auto part_of = [&](int64_t number) {
    return host_floats(state.of(number)) + (head * recurrence.panels() + panel) * size;
  };
  const int64_t neighbours = recurrence.heads / recurrence.key_heads;
  const int64_t key_head = recurrence.keys == KeyHeads::in_turn ? head % recurrence.key_heads : head / neighbours;
  const int64_t key = key_head * recurrence.key_dim;
  const int64_t value = head * recurrence.value_dim + panel * panel_outputs;
  const auto advance = [&](int64_t begin, int64_t end, float* part) {
    const int64_t row = run.row_begin + begin;
    kernels_.recur({.state = part,
                    .state_rows = recurrence.key_dim,
                    .columns = std::min(panel_outputs, recurrence.value_dim - panel * panel_outputs),
                    .rows = end - begin,
                    .k = HostRows(rows.k).row(row) + key,
                    .q = HostRows(rows.q).row(row) + key,
                    .v = HostRows(rows.v).row(row) + value,
                    .decays = HostRows(rows.decays).row(row) + head,
                    .weights = HostRows(rows.weights).row(row) + head,
                    .out = HostRows(rows.out).row(row) + value,
                    .k_stride = rows.k.width,
                    .v_stride = rows.v.width,
                    .gate_stride = rows.decays.width,
                    .corrects = recurrence.corrects,
                    .scale = recurrence.scale,
                    .skip = recurrence.skip.size > 0 ? host_floats(recurrence.skip.values)[head] : 0.0F});
  };
  float* const part = part_of(run.to);
  if (run.from < 0) std::fill_n(part, size, 0.0F);
  if (run.from >= 0 && run.from != run.to) copy_floats(part_of(run.from), size, part);
  int64_t done = 0;
  for (const StateCopy& copy : run.copies) {
    advance(done, copy.rows, part);
    copy_floats(part, size, part_of(copy.state));
    done = copy.rows;
  }
  advance(done, run.certain, part);
  if (run.certain == run.rows) return;
  alignas(64) std::array<float, state_rows_max * panel_outputs> guessed;  // the state behind guesses is nobody's
  copy_floats(part, size, guessed.data());
  advance(run.certain, run.rows, guessed.data());
}

void CpuBackend::recur(const RecurrenceRows& rows, const Recurrence& recurrence, const StateView& state) {
  QUIRE_CHECK(recurrence.key_dim <= state_rows_max && rows.v.width == recurrence.heads * recurrence.value_dim &&
                  rows.out.width == rows.v.width && rows.k.width == recurrence.key_heads * recurrence.key_dim &&
                  rows.q.width == rows.k.width,
              "shapes fit");
  const int64_t tasks = recurrence.heads * recurrence.panels();
  const auto compute = [&](int64_t index, int) {
    const StateRun& run = inputs_.state_runs[static_cast<size_t>(index / tasks)];
    const int64_t task = index % tasks;
    walk(run, rows, recurrence, state, task / recurrence.panels(), task % recurrence.panels());
  };
  const int64_t count = std::ssize(inputs_.state_runs) * tasks;
  if (rows.v.count * recurrence.state_size() < fork_products_min) {
    for (int64_t index = 0; index < count; ++index) compute(index, 0);
  } else {
    team_.parallel_for(count, compute);
  }
}

}  // namespace quire
