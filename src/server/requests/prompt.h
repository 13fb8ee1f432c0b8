// What is asked -> the token ids that the engine continues. Pure; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "api/call.h"
#include "api/error.h"
#include "server/models/loaded_model.h"

namespace quire::server {

// The longest sequence this request may become: the model's context, or less when num_ctx says so.
int32_t context_limit(const api::GenerationCall& call, const LoadedModel& model);

// The prompt's tokens, at least one and fewer than context_limit, so that there is room for an answer. One that is
// longer is shortened where the call allows it: a chat loses its oldest messages (never the system's or the last one),
// a text its middle. Otherwise, and for ids outside the vocabulary: 400.
api::ApiResult<std::vector<TokenId>> make_prompt(const api::GenerationCall& call, const LoadedModel& model,
                                                 int64_t now_unix_s);

// The tokens of each prompt of a call; the texts of those after the first are taken out of it.
api::ApiResult<std::vector<std::vector<TokenId>>> make_prompts(api::GenerationCall& call, const LoadedModel& model,
                                                               int64_t now_unix_s);

// Keeps the first `keep` tokens and the newest half of the room that is left, so that the other half is the answer's.
// REQUIRES: limit > 1.
std::vector<TokenId> cut_middle(std::vector<TokenId> tokens, int32_t keep, int32_t limit);

}  // namespace quire::server
