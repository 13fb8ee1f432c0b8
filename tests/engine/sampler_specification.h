// The sampler's specification: every token is a candidate, all are sorted, all weights are added up.
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "engine/sampler.h"

namespace quire::test {

inline constexpr float infinity = std::numeric_limits<float>::infinity();

// What Sampler::choose gives, in plain double precision.
std::optional<SamplingChoice> specified_choice(const std::vector<float>& given, const SamplingParams& params,
                                               const SamplingPlace& place);

// By trying each earlier place of the text: the penalty of every token that DRY asks one for.
std::vector<LogitPenalty> specified_dry(std::span<const TokenId> history, const DryParams& dry);

}  // namespace quire::test
