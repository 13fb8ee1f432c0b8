#include "model/blocks/mamba2.h"

#include <algorithm>
#include <array>
#include <vector>

#include "model/blocks/recurrent.h"

namespace quire {

Result<void> Mamba2::read_convolution(TensorReader& layer) {
  const int64_t inner = config.inner_width(), group = config.group_width();
  QUIRE_TRY(const std::vector<DeviceVector> taps,
            layer.taps("ssm_conv1d.weight", config.taps, std::array<int64_t, 3>{inner, group, group}));
  x_taps = taps[0], b_taps = taps[1], c_taps = taps[2];
  if (!config.convolution_bias) return {};
  QUIRE_TRY(const DeviceVector bias, layer.vector("ssm_conv1d.bias", config.channels()));
  x_bias = part_of(bias, 0, inner);
  b_bias = part_of(bias, inner, group);
  c_bias = part_of(bias, inner + group, group);
  return {};
}

Result<Mamba2> Mamba2::read(TensorReader& layer, const Mamba2Config& config, int64_t width) {
  Mamba2 block;
  block.config = config;
  const int64_t inner = config.inner_width(), group = config.group_width();
  QUIRE_TRY(const std::vector<Matrix> parts,
            layer.matrices("ssm_in.weight", std::array<int64_t, 5>{inner, inner, group, group, config.heads}, width));
  block.z = parts[0], block.x = parts[1], block.b = parts[2], block.c = parts[3], block.time = parts[4];
  QUIRE_TRY_VOID(block.read_convolution(layer));
  QUIRE_TRY(block.step_bias, layer.vector("ssm_dt.bias", config.heads));
  QUIRE_TRY(block.rates, layer.vectors("ssm_a", config.heads, 1));
  QUIRE_TRY(block.skip, layer.vectors("ssm_d", config.heads, 1));
  if (config.normed) {
    QUIRE_TRY(block.norm, Norm::read(layer, "ssm_norm", config.norm, inner / config.groups, config.groups));
  }
  QUIRE_TRY(block.output, layer.matrix("ssm_out.weight", width, inner));
  return block;
}

Mamba2::Inputs Mamba2::kept_rows(const RowPlace& kept, int64_t count) const {
  RowPlaces places(kept, count);
  const Rows x_rows = places.take(config.inner_width());
  const Rows b_rows = places.take(config.group_width()), c_rows = places.take(config.group_width());
  return {.x = x_rows, .b = b_rows, .c = c_rows, .time = places.take(config.heads)};
}

Rows Mamba2::recur(const Step& step, const Inputs& inputs, const StateView& state) const {
  Backend& on = step.on;
  RowPlaces places(step.convolved, step.row_count);
  const Rows x_rows = places.take(config.inner_width());
  const Rows b_rows = places.take(config.group_width()), c_rows = places.take(config.group_width());
  StateView part = state;
  const auto convolve = [&](Rows rows, const DeviceVector& weight, const DeviceVector& bias, Rows to) {
    const Convolution convolution{.weight = weight, .bias = bias, .taps = config.taps, .silu = true};
    on.convolve(rows, convolution, part, to);
    part = part.from(convolution.state_size());
  };
  convolve(inputs.x, x_taps, x_bias, x_rows);
  convolve(inputs.b, b_taps, b_bias, b_rows);
  convolve(inputs.c, c_taps, c_bias, c_rows);
  const Rows decays = RowPlaces(step.output_gate, step.row_count).take(config.heads);
  on.time_steps(inputs.time, step_bias, rates, decays);
  const Rows out = step.rows(step.attended, config.inner_width());
  on.recur({.q = c_rows, .k = b_rows, .v = x_rows, .decays = decays, .weights = inputs.time, .out = out},
           {.heads = config.heads,
            .key_heads = config.groups,
            .key_dim = config.state_dim,
            .value_dim = config.head_dim,
            .keys = KeyHeads::neighbours,
            .skip = skip},
           part);
  return out;
}

void Mamba2::compute(const Step& step, const LayerState& state, Rows x_read, Rows y) const {
  Backend& on = step.on;
  const int64_t inner = config.inner_width();
  RowPlaces gates(step.output_gate, step.row_count);
  (void)gates.take(config.heads);  // decays, made later
  const Inputs inputs{.x = step.rows(step.up, inner),
                      .b = step.rows(step.k, config.group_width()),
                      .c = step.rows(step.v, config.group_width()),
                      .time = gates.take(config.heads)};
  const Rows gated = step.rows(step.gate, inner);
  on.matmul(x_read, RowsOf::step, {{z, gated}, {x, inputs.x}, {b, inputs.b}, {c, inputs.c}, {time, inputs.time}});
  if (step.drafted_count > 0) {
    const Inputs kept = kept_rows(state.kept, step.drafted_count);
    on.gather_drafted(inputs.x, kept.x);
    on.gather_drafted(inputs.b, kept.b);
    on.gather_drafted(inputs.c, kept.c);
    on.gather_drafted(inputs.time, kept.time);
  }
  on.activate(gated, recur(step, inputs, state.view), Activation::silu);
  const Rows groups = heads_of(gated, inner / config.groups);
  if (config.normed) norm.compute(on, groups, groups);
  on.matmul(gated, RowsOf::step, {{output, y}});
}

void Mamba2::advance(const Step& step, const LayerState& state) const {
  (void)recur(step, kept_rows(state.kept, step.row_count), state.view);
}

int64_t Mamba2::products() const {
  return products_of(z) + products_of(x) + products_of(b) + products_of(c) + products_of(time) + products_of(output);
}

void widen(RowWidths& widths, const Mamba2Config& config) {
  widths.q = std::max(widths.q, config.inner_width());
  widths.kv = std::max(widths.kv, config.group_width());
  widths.ffn = std::max(widths.ffn, config.inner_width());
  widths.output_gate = std::max(widths.output_gate, 2 * config.heads);
  widths.convolved = std::max(widths.convolved, config.channels());
}

}  // namespace quire
