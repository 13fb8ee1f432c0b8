// Values as text: Go's fmt, as far as templates reach it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "text/gotemplate/render.h"
#include "text/gotemplate/value.h"
#include "text/marked_text.h"

namespace quire::gotemplate {

// What stands between % and the end of a verb.
struct Verb {
  int32_t letter = 'v';       // a code point
  bool names_fields = false;  // %+v
  bool plus = false, minus = false, sharp = false, space = false, zero = false;
  std::optional<int> width;  // in code points
  std::optional<int> precision;
};

// Appends values to a text. What Go would print as an address is an error, and so is an image.
class Formatter {
 public:
  using Status = Render::Status;

  // What it writes of its own (brackets, padding, digits) is the user's when own_text_is_user.
  Formatter(Render& render, TextBuilder& out, bool own_text_is_user = false)
      : render_(render), out_(out), own_text_is_user_(own_text_is_user) {}

  Status append(const Value& value, const Verb& verb = {}) { return any(value, verb, 0); }
  // A record that Go holds by a pointer, without the & in front.
  Status append_target(const Value& value);
  void write(std::string_view own_text) { out_.append(own_text, own_text_is_user_); }

 private:
  Status any(const Value& value, const Verb& verb, int depth);
  Status nil(const Value& value, const Verb& verb, int depth);
  Status boolean(bool value, const Verb& verb);
  Status integer(int64_t value, const Verb& verb);
  Status real(double value, const Verb& verb);
  Status text(const MarkedText& value, const Verb& verb);
  Status list(const List& value, const Verb& verb, int depth);
  Status map(const Value& value, const Verb& verb, int depth);
  Status record(const Record& value, const Verb& verb, int depth);
  Status fields(const Record& value, const Verb& verb, int depth);
  Status own_text(const Value& value, const Verb& verb);
  // A verb that the value's type does not have: "%!d(string=hi)".
  Status mismatch(const Value& value, const Verb& verb);

  Status padded(const MarkedText& text, const Verb& verb);
  Status padded(std::string_view own_text, const Verb& verb);
  Status padding(size_t used, const Verb& verb);

  Render& render_;
  TextBuilder& out_;
  const bool own_text_is_user_;
  bool in_mismatch_ = false;  // values have no say in how they print
};

// Whether it has a say in how it prints.
bool has_own_text(const Value& value);
// The value as an action prints it.
Result<MarkedText> printed(Render& render, const Value& value);
// The arguments one behind the other, with Go's rule for spaces; `html` and its kind read the same text.
Result<MarkedText> printed_all(Render& render, std::span<const Value> values, bool is_for_escaping);

// Go's quoted form of a text or character: "a\n". ascii: nothing beyond ASCII is left.
MarkedText quoted(const MarkedText& text, char quote, bool ascii);

}  // namespace quire::gotemplate
