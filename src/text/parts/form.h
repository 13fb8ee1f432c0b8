// How a model writes calls, as data: what the readers of calls are told.
#pragma once

#include <string_view>

#include "text/parts/turn.h"

namespace quire::parts {

// Names of the members of a call that is written as a JSON object.
struct JsonCall {
  std::string_view name = "name";
  std::string_view arguments = "arguments";
  std::string_view id = {};  // empty: calls have none
  bool id_is_last = false;   // behind the arguments: the call is given when it has ended
};

// One way to begin calls. Marks are literal; white space between them is free.
struct CallForm {
  std::string_view opener;  // what tells that a call may begin here; never a beginning of another one
  // Reads calls from behind the opener. False: what was kept of it is text.
  Reading (*read)(Turn&, const CallForm&) = nullptr;
  std::string_view closer = {};  // may be missing at an answer's end
  bool at_start = false;         // one byte that begins a call only where no text has come yet, and is read again
  JsonCall json = {};
};

// Objects {"name": ..., "arguments": {...}}: one, several, or an array of them.
Reading read_json_calls(Turn& turn, const CallForm& form);

}  // namespace quire::parts
