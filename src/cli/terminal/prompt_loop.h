// The interactive side of `quire run`: a prompt with history, and commands that begin with a slash.
#pragma once

#include "base/result.h"
#include "cli/terminal/conversation.h"
#include "cli/terminal/signals.h"

namespace quire::cli {

// Returns when the person has had enough (/bye, end of input). Ctrl-C ends an answer, and at the prompt the program.
Result<void> converse(Conversation& conversation, bool verbose, HeldSignals& signals);

// Counts, times and rates of an answer, for people.
std::string stats_text(const AnswerStats& stats);

}  // namespace quire::cli
