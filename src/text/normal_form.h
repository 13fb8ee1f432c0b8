// Unicode's canonical normal forms. Stateless; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace quire {

// True only for text in NFC: it is true when no character is U+0300 or beyond, below which nothing composes.
bool is_surely_nfc(std::string_view text);

// The text in NFC. Bytes that are not UTF-8 stay as they are, and nothing composes across them. O(n log n), also for
// endless runs of marks.
std::string nfc(std::string_view text);

// The same for NFD, in which nothing is composed: nothing below U+00C0 has parts.
bool is_surely_nfd(std::string_view text);
std::string nfd(std::string_view text);

// A text of n bytes has at least n / nfc_shrinks_max bytes in NFC: U+1FBE U+0308 U+0301 is 7 bytes, U+0390 2.
constexpr size_t nfc_shrinks_max = 4;

}  // namespace quire
