// What somebody meant who mistyped a word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quire::cli {

// Of the names, the one that `word` is most likely meant for; empty: it is like none of them.
std::string nearest_name(std::string_view word, const std::vector<std::string>& names);

}  // namespace quire::cli
