// The interactive side of `quire run`: a prompt with history, and commands that begin with a slash.
#pragma once

#include "base/result.h"
#include "cli/conversation/conversation.h"
#include "cli/terminal/signals.h"

namespace quire::cli {

struct PromptOptions {
  bool verbose = false;  // counts and rates after each answer
  bool wraps = true;     // words, at the width of the terminal
  bool hides_thinking = false;
};

// Returns when the person has had enough (/bye, end of input). Ctrl-C ends an answer; at the prompt it ends the line.
// An error is one that ends the conversation.
Result<void> converse(Conversation& conversation, const PromptOptions& options, HeldSignals& signals);

}  // namespace quire::cli
