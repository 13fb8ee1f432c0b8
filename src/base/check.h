// Checks for what must be impossible. On in release too: stopping beats serving another user's text.
#pragma once

#include <string_view>

namespace quire {

[[noreturn]] void check_failed(const char* file, int line, const char* claim, std::string_view why);

}  // namespace quire

// QUIRE_CHECK(claim, why): stops the program with a message on standard error when the claim is false.
#define QUIRE_CHECK(claim, why) \
  (static_cast<bool>(claim) ? void(0) : ::quire::check_failed(__FILE__, __LINE__, #claim, (why)))
