// Token bytes -> text that is safe to send: whole UTF-8 characters, never part of a stop string.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quire {

// One sequence's text as it grows. Owned by that sequence; not thread-safe.
// What is sent does not depend on how the bytes were cut into tokens: the stop string whose end comes first wins
// (of those the one that begins first), and invalid UTF-8 becomes U+FFFD, one for each byte that fits nowhere.
class TextStream {
 public:
  // Empty stop strings are ignored.
  explicit TextStream(std::vector<std::string> stops);

  // Appends a token's bytes and returns the text that is safe now. REQUIRES: !stopped().
  std::string push(std::string_view bytes);
  // The same without looking for stop strings: the text so far is no part of one. REQUIRES: !stopped().
  std::string push_unstopped(std::string_view bytes);
  // The rest, when nothing more comes: what was held back because it could have become a stop string.
  std::string finish();

  // A stop string was found: the text returned so far ends right before it.
  bool stopped() const { return !stop_text_.empty(); }
  const std::string& stop_text() const { return stop_text_; }

 private:
  void append_whole_characters(std::string_view bytes);
  bool cut_at_stop();
  size_t held_back() const;

  const std::vector<std::string> stops_;
  std::string incomplete_;  // the beginning of a character, at most 3 bytes
  std::string pending_;     // whole characters that are not sent yet
  std::string stop_text_;
};

}  // namespace quire
