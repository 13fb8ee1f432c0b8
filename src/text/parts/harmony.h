// Messages with headers: gpt-oss's Harmony.
#pragma once

#include <string_view>

#include "text/parts/syntax_table.h"
#include "text/parts/turn.h"

namespace quire::parts {

// A whole answer: messages of channels. "analysis" is thinking, a message to a tool of the turn is a call, and
// everything else is content. A header that is none, or whose recipient is no tool, is content with its message.
Reading read_harmony(Turn& turn, const SyntaxRow& row);
// What a prompt that ends so has already said of the answer's first message.
std::string_view harmony_begun(std::string_view prompt_end);

}  // namespace quire::parts
