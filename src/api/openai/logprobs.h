// How likely tokens were, in the forms that OpenAI's endpoints have for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>

#include "api/answer.h"
#include "core/event.h"

namespace quire::api::openai {

// Four parallel arrays, the older format of /v1/completions, which these append to.
nlohmann::ordered_json completion_logprobs();
// The prompt's tokens, whose `positions` are those of all but the first; of the best the `top_n` first.
void add_prompt(const ShownPrompt& prompt, std::span<const PositionLogprobs> positions, int32_t top_n,
                nlohmann::ordered_json& logprobs);
// An answer's tokens; the first begins at `text_offset`, which is moved on.
void add_answer(std::span<const PositionLogprobs> positions, size_t& text_offset, nlohmann::ordered_json& logprobs);

// vLLM's `prompt_logprobs`: null for the first token; then for each the token and the `top_n` best, keyed by id.
nlohmann::ordered_json prompt_logprobs(std::span<const PositionLogprobs> positions, int32_t top_n);

}  // namespace quire::api::openai
