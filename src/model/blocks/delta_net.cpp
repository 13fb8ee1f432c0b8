#include "model/blocks/delta_net.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "model/blocks/recurrent.h"

namespace quire {
namespace {

constexpr float length_epsilon = 1e-6F;  // of heads of q and k, by no key of the file

}  // namespace

Result<void> DeltaNet::read_projections(TensorReader& layer, int64_t width) {
  const std::array<int64_t, 3> parts = {config.key_width(), config.key_width(), config.value_width()};
  QUIRE_TRY(const std::vector<Matrix> matrices, layer.matrices("attn_qkv.weight", parts, width));
  q = matrices[0], k = matrices[1], v = matrices[2];
  QUIRE_TRY(z, layer.matrix("attn_gate.weight", config.value_width(), width));
  if (config.joint_gates) {
    QUIRE_TRY(joint_gates, layer.matrix("ssm_ba.weight", 2 * config.heads, width));
  } else {
    QUIRE_TRY(alpha, layer.matrix("ssm_alpha.weight", config.heads, width));
    QUIRE_TRY(beta, layer.matrix("ssm_beta.weight", config.heads, width));
  }
  QUIRE_TRY(const std::vector<DeviceVector> taps, layer.taps("ssm_conv1d.weight", config.taps, parts));
  q_taps = taps[0], k_taps = taps[1], v_taps = taps[2];
  return {};
}

Result<DeltaNet> DeltaNet::read(TensorReader& layer, const DeltaNetConfig& config, int64_t width) {
  DeltaNet block;
  block.config = config;
  QUIRE_TRY_VOID(block.read_projections(layer, width));
  QUIRE_TRY(block.step_bias, layer.vector("ssm_dt.bias", config.heads));
  QUIRE_TRY(block.rates, layer.vector("ssm_a", config.heads));
  QUIRE_TRY(block.norm, Norm::read(layer, "ssm_norm", config.norm, config.value_dim));
  QUIRE_TRY(block.output, layer.matrix("ssm_out.weight", width, config.value_width()));
  return block;
}

DeltaNet::Inputs DeltaNet::project(const Step& step, Rows x) const {
  Backend& on = step.on;
  RowPlaces gates(step.output_gate, step.row_count);
  (void)gates.take(config.heads);  // decays, made later
  const Inputs inputs{.q = step.rows(step.q, config.key_width()),
                      .k = step.rows(step.k, config.key_width()),
                      .v = step.rows(step.up, config.value_width()),
                      .alpha = gates.take(config.heads),
                      .beta = gates.take(config.heads)};
  const Rows z_rows = step.rows(step.gate, config.value_width());
  if (config.joint_gates) {
    const Rows joint = gates.take(2 * config.heads);
    on.matmul(x, RowsOf::step, {{q, inputs.q}, {k, inputs.k}, {v, inputs.v}, {z, z_rows}, {joint_gates, joint}});
    on.split_heads(joint, config.heads / config.key_heads, inputs.beta, inputs.alpha);
  } else {
    on.matmul(x, RowsOf::step,
              {{q, inputs.q}, {k, inputs.k}, {v, inputs.v}, {z, z_rows}, {alpha, inputs.alpha}, {beta, inputs.beta}});
  }
  return inputs;
}

DeltaNet::Inputs DeltaNet::kept_rows(const RowPlace& kept, int64_t count) const {
  RowPlaces places(kept, count);
  const Rows q_rows = places.take(config.key_width()), k_rows = places.take(config.key_width());
  const Rows v_rows = places.take(config.value_width());
  const Rows alpha_rows = places.take(config.heads), beta_rows = places.take(config.heads);
  return {.q = q_rows, .k = k_rows, .v = v_rows, .alpha = alpha_rows, .beta = beta_rows};
}

Rows DeltaNet::recur(const Step& step, const Inputs& inputs, const StateView& state) const {
  Backend& on = step.on;
  RowPlaces places(step.convolved, step.row_count);
  const Rows q_rows = places.take(config.key_width()), k_rows = places.take(config.key_width());
  const Rows v_rows = places.take(config.value_width());
  StateView part = state;
  const auto convolve = [&](Rows rows, const DeviceVector& weight, Rows to) {
    const Convolution convolution{.weight = weight, .bias = {}, .taps = config.taps, .silu = true};
    on.convolve(rows, convolution, part, to);
    part = part.from(convolution.state_size());
  };
  convolve(inputs.q, q_taps, q_rows);
  convolve(inputs.k, k_taps, k_rows);
  convolve(inputs.v, v_taps, v_rows);
  on.l2_norm(heads_of(q_rows, config.key_dim), length_epsilon);
  on.l2_norm(heads_of(k_rows, config.key_dim), length_epsilon);
  const Rows decays = RowPlaces(step.output_gate, step.row_count).take(config.heads);
  on.time_steps(inputs.alpha, step_bias, rates, decays);
  on.sigmoid(inputs.beta);
  const Rows out = step.rows(step.attended, config.value_width());
  on.recur({.q = q_rows, .k = k_rows, .v = v_rows, .decays = decays, .weights = inputs.beta, .out = out},
           {.heads = config.heads,
            .key_heads = config.key_heads,
            .key_dim = config.key_dim,
            .value_dim = config.value_dim,
            .keys = config.keys,
            .corrects = true,
            .scale = 1.0F / std::sqrt(static_cast<float>(config.key_dim)),
            .skip = {}},
           part);
  return out;
}

void DeltaNet::compute(const Step& step, const LayerState& state, Rows x, Rows y) const {
  Backend& on = step.on;
  const Inputs inputs = project(step, x);
  if (step.drafted_count > 0) {
    const Inputs kept = kept_rows(state.kept, step.drafted_count);
    on.gather_drafted(inputs.q, kept.q);
    on.gather_drafted(inputs.k, kept.k);
    on.gather_drafted(inputs.v, kept.v);
    on.gather_drafted(inputs.alpha, kept.alpha);
    on.gather_drafted(inputs.beta, kept.beta);
  }
  const Rows out = recur(step, inputs, state.view);
  const Rows heads = heads_of(out, config.value_dim);
  norm.compute(on, heads, heads);
  const Rows gated = step.rows(step.gate, config.value_width());
  on.activate(gated, out, Activation::silu);
  on.matmul(gated, RowsOf::step, {{output, y}});
}

void DeltaNet::advance(const Step& step, const LayerState& state) const {
  (void)recur(step, kept_rows(state.kept, step.row_count), state.view);
}

int64_t DeltaNet::products() const {
  return products_of(q) + products_of(k) + products_of(v) + products_of(z) + products_of(alpha) + products_of(beta) +
         products_of(joint_gates) + products_of(output);
}

void widen(RowWidths& widths, const DeltaNetConfig& config) {
  widths.q = std::max({widths.q, config.key_width(), config.value_width()});
  widths.kv = std::max(widths.kv, config.key_width());
  widths.ffn = std::max(widths.ffn, config.value_width());
  widths.output_gate = std::max(widths.output_gate, (config.joint_gates ? 5 : 3) * config.heads);
  widths.convolved = std::max(widths.convolved, config.channels());
}

}  // namespace quire
