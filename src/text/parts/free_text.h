// Text with thinking and calls in it: what most models write.
#pragma once

#include "text/parts/syntax_table.h"
#include "text/parts/turn.h"

namespace quire::parts {

// A whole answer, to its end.
//  - Thinking begins where no text has come yet: at the beginning, behind other thinking or a call. Elsewhere its mark
//  is
//    text, as is an end without a beginning.
//  - A call begins behind its mark, and is certain once it names a tool of the turn: until then, all of it may be text.
Reading read_free_text(Turn& turn, const SyntaxRow& row);

}  // namespace quire::parts
