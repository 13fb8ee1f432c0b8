// A pattern's text, read character by character; the atoms that need no structure around them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/constraint/pattern/code_points.h"

namespace quire::constraint {

// What the classes of one pattern have taken so far, and the properties that it has named: each takes milliseconds to
// find.
class PatternClasses {
 public:
  static constexpr size_t properties_max = 32;
  static constexpr size_t ranges_max = size_t{1} << 20;  // to sort so many takes a tenth of a second

  // nullptr where there is no such one. REQUIRES: may_find(name).
  const CodePoints* find(std::string_view name);
  bool may_find(std::string_view name) const { return known_.contains(name) || known_.size() < properties_max; }
  // Ranges that are read, sorted or kept. False when there were too many.
  bool spend(size_t ranges) { return (spent_ += ranges) <= ranges_max; }

 private:
  std::map<std::string, std::optional<CodePoints>, std::less<>> known_;
  size_t spent_ = 0;
};

// Where in a pattern somebody is. A value; `classes` outlives it.
class PatternReader {
 public:
  PatternReader(std::string_view text, PatternClasses& classes) : text_(text), classes_(&classes) {}

  PatternClasses& classes() { return *classes_; }

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
  std::unexpected<Error> too_many_ranges(size_t begin) const;
  std::unexpected<Error> error(ErrorKind kind, size_t begin, std::string what) const;

 private:
  std::string_view text_;
  PatternClasses* classes_;
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
