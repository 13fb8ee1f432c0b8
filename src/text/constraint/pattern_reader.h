// A pattern's text, read character by character; the atoms that need no structure around them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/constraint/code_points.h"

namespace quire::constraint {

// Where in a pattern somebody is. A value.
class PatternReader {
 public:
  explicit PatternReader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  size_t at() const { return at_; }
  void go_to(size_t at) { at_ = at; }
  bool next_is(std::string_view wanted) const { return text_.substr(at_).starts_with(wanted); }
  bool take(std::string_view wanted);  // when it is next
  // REQUIRES: not at_end(); the text is valid UTF-8.
  char32_t take_character();
  // A decimal number; nothing when no digit is next, UINT32_MAX when it is larger than that.
  std::optional<uint32_t> take_number();
  // Up to this one, which is taken too; nothing when it is not there.
  std::optional<std::string_view> take_until(char end);
  // So many hexadecimal digits.
  std::optional<char32_t> take_hex(size_t count);

  // "…, at character 3 of the pattern": the place is where `begin` is.
  std::unexpected<Error> invalid(size_t begin, std::string what) const;
  std::unexpected<Error> unsupported(size_t begin, std::string what) const;
  std::unexpected<Error> error(ErrorKind kind, size_t begin, std::string what) const;

 private:
  std::string_view text_;
  size_t at_ = 0;
};

struct PatternFlags {
  bool any_case = false, dot_all = false, lines = false;  // i, s, m
};

// What follows a backslash (which was taken, at `begin`): a set of one character, or more. Anchors are not here.
Result<CodePoints> parse_escape(PatternReader& reader, size_t begin, PatternFlags flags, bool in_class);
// What follows '[' (which was taken, at `begin`), up to and with its ']'.
Result<CodePoints> parse_class(PatternReader& reader, size_t begin, PatternFlags flags);

}  // namespace quire::constraint
