#include "model/blocks/experts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace quire {

Result<void> Experts::read_stacks(TensorReader& layer, int64_t width) {
  if (config.gated && config.fused) {
    QUIRE_TRY(const std::vector<Matrix> parts,
              layer.stacks("ffn_gate_up_exps.weight", config.count,
                           std::array<int64_t, 2>{config.hidden, config.hidden}, width));
    gate = parts[0], up = parts[1];
  } else {
    if (config.gated) {
      QUIRE_TRY(gate, layer.stack("ffn_gate_exps.weight", config.count, config.hidden, width));
    }
    QUIRE_TRY(up, layer.stack("ffn_up_exps.weight", config.count, config.hidden, width));
  }
  QUIRE_TRY(down, layer.stack("ffn_down_exps.weight", config.count, width, config.hidden));
  return {};
}

Result<void> Experts::read_biases(TensorReader& layer, int64_t width) {
  if (!config.bias) return {};
  if (config.gated) {
    QUIRE_TRY(gate_bias, layer.vectors("ffn_gate_exps.bias", config.count, config.hidden));
  }
  QUIRE_TRY(up_bias, layer.vectors("ffn_up_exps.bias", config.count, config.hidden));
  QUIRE_TRY(down_bias, layer.vectors("ffn_down_exps.bias", config.count, width));
  return {};
}

Result<Experts> Experts::read(TensorReader& layer, const ExpertsConfig& config, const NormConfig& norm, int64_t width) {
  Experts block;
  block.config = config;
  QUIRE_TRY(block.router, layer.matrix("ffn_gate_inp.weight", config.count, width));
  if (config.router_bias) {
    QUIRE_TRY(block.router_bias, layer.vector("ffn_gate_inp.bias", config.count));
  }
  if (config.router_norm) {
    QUIRE_TRY(block.router_norm.weight, layer.vector("ffn_gate_inp.scale", width));
    block.router_norm.config = norm;
  }
  if (config.scales) {
    QUIRE_TRY(block.scales, layer.vector("ffn_down_exps.scale", config.count));
  }
  if (config.correction) {
    QUIRE_TRY(block.correction, layer.vector("exp_probs_b.bias", config.count));
  }
  const int64_t inputs = config.latent > 0 ? config.latent : width;
  if (config.latent > 0) {
    QUIRE_TRY(block.latent_down, layer.matrix("ffn_latent_down.weight", inputs, width));
  }
  QUIRE_TRY_VOID(block.read_stacks(layer, inputs));
  QUIRE_TRY_VOID(block.read_biases(layer, inputs));
  if (config.latent > 0) {
    QUIRE_TRY(block.latent_up, layer.matrix("ffn_latent_up.weight", width, inputs));
  }
  return block;
}

void Experts::compute(const Step& step, Rows x, Rows y) const {
  choose(step, x);
  compute_chosen(step, x, y);
}

void Experts::choose(const Step& step, Rows x) const {
  Backend& on = step.on;
  const Rows logits = step.rows(step.gate, config.count);
  Rows read = x;
  if (config.router_norm) {
    read = step.rows(step.beside, x.width);
    router_norm.compute(on, x, read);
  }
  on.matmul(read, RowsOf::step, {{router, logits}});
  if (config.router_norm) on.scale(logits, 1.0F / std::sqrt(static_cast<float>(x.width)));
  if (config.router_bias) on.add_bias(logits, router_bias);
  on.choose_experts(logits, correction, scales, config.rule, choice(step));
}

void Experts::compute_chosen(const Step& step, Rows x, Rows y) const {
  Backend& on = step.on;
  const ExpertStacks stacks{.gate = gate,
                            .up = up,
                            .down = down,
                            .gate_bias = gate_bias,
                            .up_bias = up_bias,
                            .down_bias = down_bias,
                            .activation = config.activation};
  if (config.latent == 0) return on.compute_experts(x, choice(step), stacks, y);
  const Rows latents = step.rows(step.up, config.latent);
  on.matmul(x, RowsOf::step, {{latent_down, latents}});
  on.compute_experts(latents, choice(step), stacks, latents);
  on.matmul(latents, RowsOf::step, {{latent_up, y}});
}

ExpertChoice Experts::choice(const Step& step) const {
  return {.experts = step.chosen_experts, .weights = step.chosen_weights, .used = config.used};
}

int64_t Experts::products() const {
  return products_of(router) + products_of(latent_down) + products_of(latent_up) +
         config.used * (products_of(gate) + products_of(up) + products_of(down));
}

void widen(RowWidths& widths, const ExpertsConfig& config) {
  widths.ffn = std::max({widths.ffn, config.count, config.latent});
  if (config.router_norm) widths.beside = 1;
  widths.experts.count = std::max(widths.experts.count, config.count);
  widths.experts.groups = std::max(widths.experts.groups, config.rule.groups);
  widths.experts.used = std::max(widths.experts.used, config.used);
  widths.experts.width = std::max(widths.experts.width, config.latent);
  widths.experts.hidden = std::max(widths.experts.hidden, config.hidden);
}

}  // namespace quire
