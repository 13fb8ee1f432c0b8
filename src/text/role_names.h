// Who may speak in the templates of real models.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace quire {

// Templates build control tokens from a message's role, so a usual name counts as the template's own text. A name
// outside this list stays the client's: any word, however short, may be the name of a control token ("im_end",
// "endoftext") that '<|' + role + '|>' would spell.
inline bool is_role_name(std::string_view role) {
  constexpr std::array<std::string_view, 11> names = {"system",    "developer", "user",         "human",
                                                      "assistant", "model",     "tool",         "tool_results",
                                                      "function",  "ipython",   "observation"};
  return std::find(names.begin(), names.end(), role) != names.end();
}

}  // namespace quire
