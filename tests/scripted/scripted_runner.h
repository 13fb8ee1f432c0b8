// A model that writes what a script says: it has a vocabulary and a chat template, and no weights.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "scripted/script.h"
#include "server/models/model_runner.h"

namespace quire::scripted {

// What was asked of it: the prompt's text, with control tokens by their names, and the turn that is played, or -1.
// Called on the engine's thread once for each answer that begins, and again where its prompt is computed anew.
using Asked = std::function<void(std::string_view prompt, int turn)>;

// Runners of files that hold a byte-level vocabulary and need hold no tensor. Each sequence's tokens are kept in its KV
// blocks, and a prompt is what can be read there: a step that reads a row that nobody wrote fails.
server::RunnerFactory scripted_runners(std::shared_ptr<const Script> script, Asked asked);

}  // namespace quire::scripted
