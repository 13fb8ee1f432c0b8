#include "engine/sampling_steps.h"

#include <algorithm>

#include "base/fixed_math.h"

namespace quire {
namespace {

size_t keep_of(const SamplingParams& params) { return static_cast<size_t>(std::max(0, params.min_keep)); }

void penalize_repeats(SamplingScratch& scratch, const SamplingParams& params, const SamplingPlace& place) {
  scratch.penalties.clear();
  scratch.repeats.penalize(place.history, params, scratch.penalties);
  scratch.candidates.penalize(scratch.penalties);
}

void penalize_repetitions(SamplingScratch& scratch, const SamplingParams& params, const SamplingPlace& place) {
  scratch.penalties.clear();
  scratch.dry.penalize(place.history, params.dry, scratch.penalties);
  scratch.candidates.penalize(scratch.penalties);
}

void cut_by_deviations(SamplingScratch& scratch, const SamplingParams& params, const SamplingPlace&) {
  scratch.candidates.keep_within_deviations(params.top_n_sigma);
}

void cut_to_best(SamplingScratch& scratch, const SamplingParams& params, const SamplingPlace&) {
  scratch.candidates.keep_best(static_cast<size_t>(params.top_k));
}

void cut_to_typical(SamplingScratch& scratch, const SamplingParams& params, const SamplingPlace&) {
  scratch.candidates.keep_typical(params.typical_p, keep_of(params));
}

void cut_to_top_share(SamplingScratch& scratch, const SamplingParams& params, const SamplingPlace&) {
  scratch.candidates.keep_top_share(params.top_p, keep_of(params));
}

void cut_to_likely(SamplingScratch& scratch, const SamplingParams& params, const SamplingPlace&) {
  scratch.candidates.keep_likely(params.min_p, keep_of(params));
}

void drop_top_choices(SamplingScratch& scratch, const SamplingParams& params, const SamplingPlace& place) {
  if (uniform_at(place, params, DrawPurpose::xtc) >= params.xtc.probability) return;
  scratch.candidates.drop_top_choices(params.xtc.threshold, keep_of(params));
}

void set_temperature(SamplingScratch& scratch, const SamplingParams& params, const SamplingPlace&) {
  double temperature = params.temperature;
  if (params.dynatemp_range > 0.0F) {
    const double low = std::max(0.0F, params.temperature - params.dynatemp_range);
    const double high = params.temperature + params.dynatemp_range;
    const double entropy = scratch.candidates.normalized_entropy();
    const double share = entropy > 0.0 ? fixed_exp(params.dynatemp_exponent * fixed_log(entropy)) : 0.0;
    temperature = low + (high - low) * share;
  }
  scratch.candidates.set_temperature(temperature);
}

bool repeats_count(const SamplingParams& params) {
  const bool windowed =
      params.repeat_penalty != 1.0F || params.presence_penalty != 0.0F || params.frequency_penalty != 0.0F;
  return params.repetition_penalty != 1.0F || (windowed && params.repeat_last_n != 0);
}

// In the order of SamplingStep.
constexpr SamplingStepRule rules[sampling_step_count] = {
    {false, repeats_count, penalize_repeats},
    {false, [](const SamplingParams& params) { return params.dry.multiplier != 0.0F; }, penalize_repetitions},
    {true, [](const SamplingParams& params) { return params.top_n_sigma > 0.0F; }, cut_by_deviations},
    {true, [](const SamplingParams& params) { return params.top_k > 0; }, cut_to_best},
    {true, [](const SamplingParams& params) { return params.typical_p < 1.0F; }, cut_to_typical},
    {true, [](const SamplingParams& params) { return params.top_p < 1.0F; }, cut_to_top_share},
    {true, [](const SamplingParams& params) { return params.min_p > 0.0F; }, cut_to_likely},
    {true, [](const SamplingParams& params) { return params.xtc.probability > 0.0F; }, drop_top_choices},
    {false, [](const SamplingParams& params) { return !greedy(params); }, set_temperature},
};

}  // namespace

const SamplingStepRule& rule_of(SamplingStep step) { return rules[static_cast<size_t>(step)]; }

bool greedy(const SamplingParams& params) {
  return params.temperature <= 0.0F && params.dynatemp_range <= 0.0F && params.order.has(SamplingStep::temperature);
}

bool takes_likeliest(const SamplingParams& params) {
  const auto changes_logits = [&params](SamplingStep step) {
    return !rule_of(step).cuts && rule_of(step).asked(params);
  };
  return greedy(params) && params.logit_bias.empty() && params.allowed_tokens.empty() && params.bad_words.empty() &&
         std::ranges::none_of(params.order.steps(), changes_logits);
}

double uniform_at(const SamplingPlace& place, const SamplingParams& params, DrawPurpose purpose) {
  return keyed_uniform(params.seed, params.choice, place.history.size(), purpose);
}

}  // namespace quire
