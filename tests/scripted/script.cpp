#include "scripted/script.h"

#include <algorithm>

namespace quire::scripted {

std::optional<size_t> Script::turn_for(std::string_view prompt) const {
  for (size_t index = turns_.size(); index-- > 0;) {
    const auto stands = [&](const std::string& text) { return prompt.contains(text); };
    if (std::ranges::all_of(turns_[index].seen, stands)) return index;
  }
  return std::nullopt;
}

}  // namespace quire::scripted
