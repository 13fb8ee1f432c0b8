// Recurrent layers, beside the CPU's backend on the scalar table: rows, and every state behind them.
#include <algorithm>

#include "backend/cpu/cpu_backend.h"
#include "base/team.h"
#include "gpu/cases.h"
#include "kernels/gpu/recurrent.h"
#include "kernels/weights.h"

namespace quire::test {
namespace {

constexpr int64_t rows = 16, state_count = 8;

// Runs as both know them: from nothing; a state that goes on with guesses and copies; one row whose guess was wrong;
// and a row of no run between them.
class Runs {
 public:
  Runs()
      : copies_{{.rows = 0, .state = 3}, {.rows = 2, .state = 4}, {.rows = 4, .state = 5}},
        runs_{{.row_begin = 0, .rows = 3, .certain = 3, .from = -1, .to = 0, .copies = {}},
              {.row_begin = 4, .rows = 7, .certain = 5, .from = 1, .to = 1, .copies = copies_},
              {.row_begin = 11, .rows = 1, .certain = 0, .from = 2, .to = 6, .copies = {}},
              {.row_begin = 12, .rows = 4, .certain = 4, .from = 7, .to = 7, .copies = {}}},
        run_of_(rows, -1) {
    for (const StateCopy& copy : copies_) gpu_copies_.push_back({.rows = copy.rows, .state = copy.state});
    for (const StateRun& run : runs_) {
      std::fill_n(run_of_.begin() + run.row_begin, run.rows, static_cast<int32_t>(gpu_runs_.size()));
      gpu_runs_.push_back({.row_begin = run.row_begin,
                           .rows = run.rows,
                           .certain = run.certain,
                           .from = run.from,
                           .to = run.to,
                           .copy_begin = 0,
                           .copy_end = std::ssize(run.copies)});
    }
  }

  std::span<const StateRun> runs() const { return runs_; }
  const int32_t* run_of() const { return run_of_.data(); }
  gpu::StateArgs state(std::vector<float>& states, int64_t first) const {
    return {.states = states.data() + first,
            .stride = std::ssize(states) / state_count,
            .runs = gpu_runs_.data(),
            .run_count = std::ssize(gpu_runs_),
            .copies = gpu_copies_.data()};
  }

 private:
  std::vector<StateCopy> copies_;
  std::vector<StateRun> runs_;
  std::vector<gpu::StateRun> gpu_runs_;
  std::vector<gpu::StateCopy> gpu_copies_;
  std::vector<int32_t> run_of_;
};

std::vector<float> random_values(int64_t count, uint64_t seed) {
  Random random(seed);
  return random_floats(count, random);
}

quire::Rows as_rows(std::vector<float>& values, int64_t width) { return {device_address(values.data()), rows, width}; }

StateView as_state(std::vector<float>& states, int64_t first) {
  return {.states = device_address(states.data() + first),
          .stride_bytes = std::ssize(states) / state_count * static_cast<int64_t>(sizeof(float))};
}

// A step of the CPU's backend that has these runs.
void on_cpu(const Runs& runs, int64_t channels, const std::function<void(Backend& backend)>& body) {
  Team team(1);
  CpuBackend backend(team, scalar_table());
  const auto scratch = backend
                           .make_scratch({.rows_max = rows,
                                          .input_max = 64,
                                          .stored_row_bytes = 64,
                                          .q_width = 64,
                                          .kv_width = 64,
                                          .convolved = channels})
                           .value();
  backend.begin({.state_runs = runs.runs()}, *scratch);
  body(backend);
  (void)backend.finish({}, {});
}

// The layer's part lies behind others of a state.
constexpr int64_t before_part = 5;

std::optional<std::string> convolve_difference(Machine& machine, int64_t channels, int64_t taps, bool biased,
                                               bool silu) {
  const Runs runs;
  std::vector<float> weight = random_values(taps * channels, 51), bias = random_values(channels, 52);
  std::vector<float> x = random_values(rows * channels, 53);
  std::vector<float> y(x.size(), 7.0F), wanted_y = y;
  std::vector<float> states = random_values(state_count * (before_part + (taps - 1) * channels), 54);
  std::vector<float> wanted_states = states;
  const gpu::ConvolveArgs args = {.state = runs.state(states, before_part),
                                  .x = x.data(),
                                  .y = y.data(),
                                  .rows = rows,
                                  .channels = channels,
                                  .taps = taps,
                                  .weight = weight.data(),
                                  .bias = biased ? bias.data() : nullptr,
                                  .run_of = runs.run_of(),
                                  .silu = silu};
  machine.launch<gpu::Convolve>(args);
  machine.launch<gpu::StoreConvolved>(args);
  on_cpu(runs, channels, [&](Backend& backend) {
    const Convolution convolution = {.weight = {.values = device_address(weight.data()), .size = std::ssize(weight)},
                                     .bias = {.values = device_address(bias.data()), .size = biased ? channels : 0},
                                     .taps = taps,
                                     .silu = silu};
    backend.convolve(as_rows(x, channels), convolution, as_state(wanted_states, before_part),
                     as_rows(wanted_y, channels));
  });
  const auto found = difference(y, wanted_y);
  return found ? found : difference(states, wanted_states);
}

std::optional<std::string> recur_difference(Machine& machine, Recurrence recurrence, bool skips) {
  const Runs runs;
  const int64_t key_width = recurrence.key_heads * recurrence.key_dim;
  const int64_t value_width = recurrence.heads * recurrence.value_dim;
  std::vector<float> q = random_values(rows * key_width, 61), k = random_values(rows * key_width, 62);
  std::vector<float> v = random_values(rows * value_width, 63), skip = random_values(recurrence.heads, 64);
  std::vector<float> decays = random_values(rows * recurrence.heads, 65);
  std::vector<float> weights = random_values(rows * recurrence.heads, 66);
  for (float& value : k) value *= 0.1F;
  std::vector<float> out(v.size(), 7.0F), wanted_out = out;
  std::vector<float> states = random_values(state_count * (before_part + recurrence.state_size()), 67);
  std::vector<float> wanted_states = states;
  machine.launch<gpu::Recur>({.state = runs.state(states, before_part),
                              .q = q.data(),
                              .k = k.data(),
                              .v = v.data(),
                              .decays = decays.data(),
                              .weights = weights.data(),
                              .out = out.data(),
                              .skip = skips ? skip.data() : nullptr,
                              .heads = recurrence.heads,
                              .key_heads = recurrence.key_heads,
                              .key_dim = recurrence.key_dim,
                              .value_dim = recurrence.value_dim,
                              .neighbours = recurrence.keys == KeyHeads::neighbours,
                              .corrects = recurrence.corrects,
                              .scale = recurrence.scale});
  if (skips) recurrence.skip = {.values = device_address(skip.data()), .size = recurrence.heads};
  on_cpu(runs, 1, [&](Backend& backend) {
    backend.recur({.q = as_rows(q, key_width),
                   .k = as_rows(k, key_width),
                   .v = as_rows(v, value_width),
                   .decays = as_rows(decays, recurrence.heads),
                   .weights = as_rows(weights, recurrence.heads),
                   .out = as_rows(wanted_out, value_width)},
                  recurrence, as_state(wanted_states, before_part));
  });
  const auto found = difference(out, wanted_out);
  return found ? found : difference(states, wanted_states);
}

}  // namespace

std::vector<Case> recurrent_cases() {
  std::vector<Case> cases;
  for (const int64_t taps : {2, 4, 9}) {
    for (const bool flag : {false, true}) {
      cases.push_back({fmt::format("convolve with {} taps{}", taps, flag ? ", a bias and silu" : ""),
                       [=](Machine& machine) { return convolve_difference(machine, 37, taps, flag, flag); }});
    }
  }
  const Recurrence recurrences[] = {
      {.heads = 4, .key_heads = 2, .key_dim = 8, .value_dim = 16, .corrects = true},
      {.heads = 4, .key_heads = 2, .key_dim = 10, .value_dim = 20, .keys = KeyHeads::neighbours, .scale = 0.5F},
      {.heads = 1, .key_heads = 1, .key_dim = 512, .value_dim = 3, .corrects = true, .scale = 0.25F},
      {.heads = 2, .key_heads = 1, .key_dim = 2, .value_dim = 1}};
  for (const Recurrence& recurrence : recurrences) {
    for (const bool skips : {false, true}) {
      cases.push_back({fmt::format("recur of {} x {} x {}{}", recurrence.heads, recurrence.key_dim,
                                   recurrence.value_dim, skips ? " and a skip" : ""),
                       [=](Machine& machine) { return recur_difference(machine, recurrence, skips); }});
    }
  }
  return cases;
}

}  // namespace quire::test
