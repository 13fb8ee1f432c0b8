// Mixtures of experts: each row's choice, and the networks of the chosen, each for all its rows at once.
#include <algorithm>
#include <cstring>

#include "backend/cpu/activation_kernels.h"
#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/expert_choice.h"
#include "backend/cpu/packed_matrix.h"
#include "base/bytes.h"
#include "base/check.h"
#include "kernels/quantized_rows.h"

namespace quire {
namespace {

bool is_empty(const Matrix& stack) { return stack.outputs == 0; }

int64_t quantized_row_bytes(int64_t inputs) { return inputs / quant_group * quantized_group_bytes; }

// Makes a tile of rows whose int8 forms are tiles of their own: row_of(i) is where that of row i lies.
template <typename RowOf>
void join_rows(int64_t rows, int64_t inputs, const RowOf& row_of, std::byte* tile) {
  constexpr auto terms_bytes = static_cast<int64_t>(sizeof(GroupTerms));
  for (int64_t i = 0; i < rows; ++i) {
    const std::byte* from = row_of(i);
    std::byte* quants = tile + i * quant_group;
    std::byte* terms = tile + rows * quant_group + i * terms_bytes;
    for (int64_t group = 0; group < inputs / quant_group; ++group) {
      std::memcpy(quants, from, quant_group);
      std::memcpy(terms, from + quant_group, terms_bytes);
      from += quantized_group_bytes;
      quants += rows * quantized_group_bytes;
      terms += rows * quantized_group_bytes;
    }
  }
}

}  // namespace

void CpuBackend::choose_experts(Rows logits, const DeviceVector& correction, const DeviceVector& scales,
                                const ExpertRule& rule, const ExpertChoice& choice) {
  QUIRE_CHECK(choice.used <= logits.width && (correction.size == 0 || correction.size == logits.width) &&
                  (scales.size == 0 || scales.size == logits.width),
              "shapes fit");
  const HostRows scores(logits);
  const auto experts = static_cast<size_t>(logits.width), used = static_cast<size_t>(choice.used);
  auto* const chosen = reinterpret_cast<int32_t*>(host_bytes(choice.experts));
  for_rows(logits.count, logits.width * choice.used, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      choose_experts_of_row(kernels_, rule,
                            {.logits = {scores.row(r), experts},
                             .correction = {host_floats(correction.values), static_cast<size_t>(correction.size)},
                             .scales = {host_floats(scales.values), static_cast<size_t>(scales.size)},
                             .experts = {chosen + r * choice.used, used},
                             .weights = {host_floats(choice.weights) + r * choice.used, used}});
    }
  });
}

CpuBackend::RowForm CpuBackend::form_of(ElementType weights) const {
  if (reads_quantized_activations(weights)) return RowForm::quantized;
  return reads_rounded(weights) ? RowForm::rounded : RowForm::values;
}

void CpuBackend::form_rows(HostRows x, RowForm form) {
  if (form == RowForm::rounded) round_activations(x);
  if (form != RowForm::quantized) return;
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      kernels_.quantize_activations({.x = x.row(r),
                                     .rows = 1,
                                     .inputs = x.width,
                                     .tile = scratch_->quantized + r * quantized_row_bytes(x.width)});
    }
  });
}

void CpuBackend::copy_pairs(HostRows x, const ExpertGroup& group, RowForm form) {
  const ExpertPlan& plan = scratch_->expert_plan;
  if (form == RowForm::quantized) {
    const int64_t row_bytes = quantized_row_bytes(x.width);
    for (int64_t i = 0; i < row_tile_count(group.rows(), kernels_.tile_rows); ++i) {
      const RowTile tile = row_tile(group.rows(), kernels_.tile_rows, i);
      const int64_t first = group.begin + tile.begin;
      join_rows(
          tile.height(), x.width,
          [&](int64_t row) { return scratch_->quantized + plan.row_of(first + row) * row_bytes; },
          scratch_->pair_quantized + first * row_bytes);
    }
    return;
  }
  const int64_t rounded_width = round_up<int64_t>(x.width, 2);
  for (int64_t pair = group.begin; pair < group.end; ++pair) {
    const int64_t row = plan.row_of(pair);
    if (form == RowForm::rounded) {
      std::copy_n(scratch_->rounded + row * rounded_width, rounded_width,
                  scratch_->pair_rounded + pair * rounded_width);
    } else {
      std::copy_n(x.row(row), x.width, scratch_->pair_rows + pair * x.width);
    }
  }
}

void CpuBackend::gather_pairs(HostRows x, const ExpertStacks& stacks) {
  const RowForm of_up = form_of(stacks.up.type);
  const RowForm of_gate = is_empty(stacks.gate) ? of_up : form_of(stacks.gate.type);
  form_rows(x, of_up);
  if (of_gate != of_up) form_rows(x, of_gate);
  for_groups(x.width, [&](const ExpertGroup& group) {
    copy_pairs(x, group, of_up);
    if (of_gate != of_up) copy_pairs(x, group, of_gate);
  });
}

void CpuBackend::for_groups(int64_t width, FunctionRef<void(const ExpertGroup& group)> body) {
  const ExpertPlan& plan = scratch_->expert_plan;
  const auto count = std::ssize(plan.groups());
  for_rows(count, plan.pair_count() * width / std::max<int64_t>(1, count), [&](int64_t begin, int64_t end) {
    for (int64_t index = begin; index < end; ++index) body(plan.groups()[static_cast<size_t>(index)]);
  });
}

Activations CpuBackend::rows_of(const ExpertGroup& group, const float* values, int64_t inputs) const {
  return {.rows = group.rows(),
          .inputs = inputs,
          .values = values + group.begin * inputs,
          .rounded = scratch_->pair_rounded + group.begin * round_up<int64_t>(inputs, 2),
          .quantized = scratch_->pair_quantized + group.begin * quantized_row_bytes(inputs),
          .tile_rows = kernels_.tile_rows};
}

void CpuBackend::multiply(const ExpertTask& task, const Matrix& stack, const DeviceVector& bias, const float* values,
                          HostRows y) {
  kernels_.matmul({.weights = packed(stack, task.group.expert),
                   .x = rows_of(task.group, values, stack.inputs),
                   .y = y.row(task.group.begin),
                   .y_stride = y.width,
                   .panel_begin = task.panel_begin,
                   .panel_end = task.panel_end});
  if (bias.size == 0) return;
  const int64_t first = task.panel_begin * panel_outputs;
  const float* const own = host_floats(bias.values) + task.group.expert * stack.outputs + first;
  for (int64_t pair = task.group.begin; pair < task.group.end; ++pair) {
    kernels_.add(y.row(pair) + first, own, std::min(stack.outputs, task.panel_end * panel_outputs) - first);
  }
}

void CpuBackend::for_expert_tasks(int64_t outputs, int64_t inputs, FunctionRef<void(const ExpertTask& task)> body) {
  ExpertPlan& plan = scratch_->expert_plan;
  const int64_t panels = ceil_div(outputs, panel_outputs);
  const bool alone = plan.pair_count() * inputs * panels * panel_outputs < fork_products_min;
  const int64_t tasks = plan.split(panels, alone ? 1 : team_.worker_count(), alone ? 1 : tiles_per_worker);
  if (alone) {
    for (int64_t index = 0; index < tasks; ++index) body(plan.task(index));
  } else {
    team_.parallel_for(tasks, [&](int64_t index, int) { body(plan.task(index)); });
  }
}

void CpuBackend::form_hidden(HostRows hidden, const Matrix& down) {
  const RowForm form = form_of(down.type);
  if (form == RowForm::values) return;
  const int64_t row_bytes = quantized_row_bytes(hidden.width);
  for_groups(hidden.width, [&](const ExpertGroup& group) {
    if (form == RowForm::rounded) {
      kernels_.round_activations(hidden.row(group.begin), group.rows(), hidden.width,
                                 scratch_->pair_rounded + group.begin * round_up<int64_t>(hidden.width, 2));
      return;
    }
    for (int64_t i = 0; i < row_tile_count(group.rows(), kernels_.tile_rows); ++i) {
      const RowTile tile = row_tile(group.rows(), kernels_.tile_rows, i);
      kernels_.quantize_activations({.x = hidden.row(group.begin + tile.begin),
                                     .rows = tile.height(),
                                     .inputs = hidden.width,
                                     .tile = scratch_->pair_quantized + (group.begin + tile.begin) * row_bytes});
    }
  });
}

void CpuBackend::compute_hidden(const ExpertStacks& stacks, HostRows gate, HostRows up) {
  const ActivationKernels kernels = activation_kernels(kernels_, stacks.activation);
  const bool gated = !is_empty(stacks.gate);
  for_expert_tasks(up.width, gated ? 2 * stacks.up.inputs : stacks.up.inputs, [&](const ExpertTask& task) {
    if (gated) multiply(task, stacks.gate, stacks.gate_bias, scratch_->pair_rows, gate);
    multiply(task, stacks.up, stacks.up_bias, scratch_->pair_rows, up);
    const int64_t first = task.panel_begin * panel_outputs;
    const int64_t n = std::min(up.width, task.panel_end * panel_outputs) - first;
    for (int64_t pair = task.group.begin; pair < task.group.end; ++pair) {
      float* const own = up.row(pair) + first;
      gated ? kernels.gated(gate.row(pair) + first, own, n) : kernels.alone(own, n);
    }
  });
}

void CpuBackend::add_up(const ExpertChoice& choice, HostRows outputs, HostRows y) {
  const ExpertPlan& plan = scratch_->expert_plan;
  const float* const weights = host_floats(choice.weights);
  for_rows(y.count, choice.used * y.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      std::fill_n(y.row(r), y.width, 0.0F);
      for (int64_t i = 0; i < choice.used; ++i) {
        kernels_.add_scaled(y.row(r), outputs.row(plan.pair_of(r, i)), weights[r * choice.used + i], y.width);
      }
    }
  });
}

void CpuBackend::read_by_experts(const ExpertStacks&, HostRows, HostRows) {}

void CpuBackend::compute_experts(Rows x, const ExpertChoice& choice, const ExpertStacks& stacks, Rows y) {
  const Matrix& up = stacks.up;
  const Matrix& down = stacks.down;
  QUIRE_CHECK(up.inputs == x.width && down.inputs == up.outputs && down.outputs == y.width && x.count == y.count,
              "shapes fit");
  ExpertPlan& plan = scratch_->expert_plan;
  plan.build({reinterpret_cast<const int32_t*>(host_bytes(choice.experts)), static_cast<size_t>(x.count * choice.used)},
             choice.used, up.count);
  gather_pairs(HostRows(x), stacks);
  const HostRows up_rows(scratch_->pair_up, plan.pair_count(), up.outputs);
  const HostRows gated_rows(scratch_->pair_gate, plan.pair_count(), up.outputs);
  compute_hidden(stacks, gated_rows, up_rows);
  const HostRows& hidden = is_empty(stacks.gate) ? up_rows : gated_rows;
  read_by_experts(stacks, HostRows(x), hidden);
  form_hidden(hidden, down);
  const HostRows outputs(scratch_->pair_rows, plan.pair_count(), y.width);
  for_expert_tasks(down.outputs, down.inputs,
                   [&](const ExpertTask& task) { multiply(task, down, stacks.down_bias, hidden.values, outputs); });
  add_up(choice, outputs, HostRows(y));
}

}  // namespace quire
