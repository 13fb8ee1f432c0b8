// Bytes that remember which of them a client wrote.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/prompt_text.h"

namespace quire {

// A UTF-8 text and the parts of it that are the user's.
// Invariant: spans in `user` are sorted, disjoint, not adjacent, not empty, and inside `bytes`.
struct MarkedText {
  std::string bytes;
  std::vector<TextSpan> user;
  bool is_markup = false;  // of a template: what + joins to it is escaped

  bool has_user_text() const { return !user.empty(); }
};

// A shared text is never changed.
using Str = std::shared_ptr<const MarkedText>;

// A text without marks, or one that is the user's as a whole.
MarkedText plain_text(std::string bytes);
MarkedText user_text(std::string bytes);
// The user's as a whole when `is_user`: what a transformation that cannot follow bytes returns.
MarkedText marked_text(std::string bytes, bool is_user);

// Puts texts one after another; the marks go along with the bytes.
class TextBuilder {
 public:
  void append(std::string_view bytes, bool is_user = false);
  void append(const MarkedText& text) { append(text, 0, text.bytes.size()); }
  // Bytes [begin, end) of text. REQUIRES: begin <= end <= text.bytes.size().
  void append(const MarkedText& text, size_t begin, size_t end);

  size_t size() const { return text_.bytes.size(); }
  MarkedText take() { return std::move(text_); }

 private:
  void mark(size_t begin, size_t end);

  MarkedText text_;
};

// Bytes [begin, end) of text as a text of their own.
MarkedText slice(const MarkedText& text, size_t begin, size_t end);

// True when byte `at` of text is the user's.
bool is_user_byte(const MarkedText& text, size_t at);

}  // namespace quire
