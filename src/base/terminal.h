// How large the terminal behind a descriptor is.
#pragma once

#include <cstddef>

namespace quire {

// As it is now; `otherwise` where the descriptor is no terminal, or one that does not say.
size_t terminal_columns(int descriptor, size_t otherwise = 80);
size_t terminal_rows(int descriptor, size_t otherwise = 24);

}  // namespace quire
