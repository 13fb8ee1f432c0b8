// Mixtures of experts: each row's choice, and the networks of the chosen, each for all its rows at once.
#include <algorithm>

#include "backend/gpu/gpu_backend.h"
#include "backend/gpu/gpu_launch.h"
#include "base/check.h"

namespace quire {
namespace {

gpu::ExpertGating gating_of(ExpertGating gating) {
  switch (gating) {
    case ExpertGating::softmax:
      return gpu::ExpertGating::softmax;
    case ExpertGating::sigmoid:
      return gpu::ExpertGating::sigmoid;
    case ExpertGating::softmax_of_chosen:
      return gpu::ExpertGating::softmax_of_chosen;
  }
  return {};
}

bool is_empty(const Matrix& stack) { return stack.outputs == 0; }

bool is_quantized(const Matrix& stack) { return !is_empty(stack) && reads_quantized_activations(stack.type); }

}  // namespace

void GpuBackend::choose_experts(Rows logits, const DeviceVector& correction, const DeviceVector& scales,
                                const ExpertRule& rule, const ExpertChoice& choice) {
  QUIRE_CHECK(choice.used <= logits.width && (correction.size == 0 || correction.size == logits.width) &&
                  (scales.size == 0 || scales.size == logits.width),
              "shapes fit");
  QUIRE_CHECK(rule.groups <= gpu::expert_groups_max && rule.group_best <= 2, "a rule that kernels have room for");
  launch<gpu::ChooseExperts>(*queue_, {.logits = device_floats(logits.values),
                                       .correction = device_floats(correction),
                                       .scales = device_floats(scales),
                                       .chosen = device_pointer<int32_t>(choice.experts),
                                       .weights = device_floats(choice.weights),
                                       .rows = logits.count,
                                       .experts = logits.width,
                                       .used = choice.used,
                                       .gating = gating_of(rule.gating),
                                       .normalized = rule.normalized,
                                       .scale = rule.scale,
                                       .groups = rule.groups,
                                       .groups_used = rule.groups_used,
                                       .group_best = rule.group_best});
}

void GpuBackend::multiply_pairs(const Matrix& stack, const DeviceVector& bias, const PairPlan& plan,
                                gpu::MatmulArgs args) {
  set_weights(args, stack);
  args.tiles = device_pointer<gpu::MatrixRows>(scratch_->arrays.pair_tiles);
  args.tile_count = plan.tile_count;
  args.bias = device_floats(bias);
  launch_matmul(*queue_, stack.type, plan.rows_of_expert, args);
}

void GpuBackend::compute_experts(Rows x, const ExpertChoice& choice, const ExpertStacks& stacks, Rows y) {
  QUIRE_CHECK(stacks.up.inputs == x.width && stacks.down.inputs == stacks.up.outputs &&
                  stacks.down.outputs == y.width && x.count == y.count,
              "shapes fit");
  const GpuArrays& arrays = scratch_->arrays;
  const PairPlan plan = plan_pairs(x.count, choice, stacks);
  const Rows hidden = compute_hidden(x, stacks, plan);
  if (is_quantized(stacks.down)) quantize(whole(hidden), arrays.pair_form);
  multiply_pairs(stacks.down, stacks.down_bias, plan,
                 {.form = device_pointer<gpu::QuantizedGroup>(arrays.pair_form),
                  .x = device_floats(hidden.values),
                  .x_stride = hidden.width,
                  .y = device_floats(arrays.pair_y),
                  .y_stride = y.width});
  launch<gpu::AddExperts>(*queue_, {.outputs = device_floats(arrays.pair_y),
                                    .pairs = device_pointer<int32_t>(arrays.pairs),
                                    .weights = device_floats(choice.weights),
                                    .y = device_floats(y.values),
                                    .rows = y.count,
                                    .used = choice.used,
                                    .width = y.width});
}

GpuBackend::PairPlan GpuBackend::plan_pairs(int64_t rows, const ExpertChoice& choice, const ExpertStacks& stacks) {
  const GpuArrays& arrays = scratch_->arrays;
  const int64_t experts = stacks.up.count;
  PairPlan plan{.pairs = rows * choice.used};
  // Of a row alone each expert has one at most.
  plan.rows_of_expert = rows == 1 ? 1 : std::max<int64_t>(2, plan.pairs / experts);
  const auto height_of = [&](const Matrix& stack) {
    return tile_rows(queue_->facts(), stack.type, plan.rows_of_expert);
  };
  int64_t height = std::min(height_of(stacks.up), height_of(stacks.down));
  if (!is_empty(stacks.gate)) height = std::min(height, height_of(stacks.gate));
  plan.tile_count = gpu::PlanExperts::tiles_max(plan.pairs, experts, height);
  launch<gpu::PlanExperts>(*queue_, {.chosen = device_pointer<int32_t>(choice.experts),
                                     .rows = rows,
                                     .used = choice.used,
                                     .experts = experts,
                                     .pair_rows = device_pointer<int32_t>(arrays.pair_rows),
                                     .pairs = device_pointer<int32_t>(arrays.pairs),
                                     .tiles = device_pointer<gpu::MatrixRows>(arrays.pair_tiles),
                                     .tile_count = plan.tile_count,
                                     .tile_rows = height});
  return plan;
}

Rows GpuBackend::compute_hidden(Rows x, const ExpertStacks& stacks, const PairPlan& plan) {
  const GpuArrays& arrays = scratch_->arrays;
  if (is_quantized(stacks.up) || is_quantized(stacks.gate)) quantize(whole(x), arrays.form);
  const auto multiply_x = [&](const Matrix& stack, const DeviceVector& bias, DeviceAddress to) {
    multiply_pairs(stack, bias, plan,
                   {.form = device_pointer<gpu::QuantizedGroup>(arrays.form),
                    .x = device_floats(x.values),
                    .x_stride = x.width,
                    .x_rows = device_pointer<int32_t>(arrays.pair_rows),
                    .y = device_floats(to),
                    .y_stride = stack.outputs});
    return Rows{.values = to, .count = plan.pairs, .width = stack.outputs};
  };
  const Rows up = multiply_x(stacks.up, stacks.up_bias, arrays.pair_up);
  if (is_empty(stacks.gate)) {
    activate(up, stacks.activation);
    return up;
  }
  const Rows gate = multiply_x(stacks.gate, stacks.gate_bias, arrays.pair_gate);
  activate(gate, up, stacks.activation);
  return gate;
}

}  // namespace quire
