// Whether AddressSanitizer watches: ten times as slow. What is repeated for its answers is repeated less often then.
#pragma once

namespace quire::test {

#ifdef __SANITIZE_ADDRESS__
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

}  // namespace quire::test
