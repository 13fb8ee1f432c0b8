#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace quire {

void check_failed(const char* file, int line, const char* claim, std::string_view why) {
  std::fprintf(stderr, "quire: %s:%d: broken invariant: %s (%.*s)\n", file, line, claim, static_cast<int>(why.size()),
               why.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace quire
