// A prompt as an answer repeats it. Pure; any thread.
#pragma once

#include <span>

#include "api/answer.h"
#include "api/call.h"
#include "server/models/loaded_model.h"

namespace quire::server {

// The call's first prompt: its text as it was sent, else what its ids stand for, control tokens by their names. A token
// that was put before a text, or behind it, takes no room in it.
api::ShownPrompt shown_prompt(const api::GenerationCall& call, std::span<const TokenId> tokens,
                              const LoadedModel& model);

}  // namespace quire::server
