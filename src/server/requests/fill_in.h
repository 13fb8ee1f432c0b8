// Prompts with a gap.
#pragma once

#include <cstdint>

#include "api/call.h"
#include "api/error.h"
#include "server/models/loaded_model.h"
#include "server/requests/prompt.h"

namespace quire::server {

// As the model's Go template writes them, where it knows of gaps, else with the model's own tokens for that; without
// either 400, in Ollama's words. A prompt that is too long loses what is farthest from the gap, where the call allows
// it. REQUIRES: call.fill_in, limit >= 2.
api::ApiResult<Prompt> make_fill_in(const api::GenerationCall& call, const LoadedModel& model, int64_t now_unix_s,
                                    int32_t limit);

}  // namespace quire::server
