// Methods of str that say what its characters are.
#include "text/jinja/render.h"
#include "text/unicode.h"

namespace quire::jinja {

namespace {

using IsSuch = bool (*)(int32_t);

bool is_ascii(int32_t c) { return c < 0x80; }
bool is_digit(int32_t c) {
  // Decimal digits, and the superscript and circled ones that Python counts as digits.
  return is_decimal(c) || c == 0xB2 || c == 0xB3 || c == 0xB9 || c == 0x2070 || (c >= 0x2074 && c <= 0x2079) ||
         (c >= 0x2080 && c <= 0x2089) || (c >= 0x2460 && c <= 0x2468);
}

// Every character is such, and (unless empty texts count) there is one.
template <IsSuch is_such, bool of_empty = false>
Result<Value> all_are(Render& render, const Value& self, const Args& args) {
  if (!args.positional.empty() || !args.named.empty()) return template_error("this method takes no arguments");
  const std::string& bytes = self.text()->bytes;
  QUIRE_TRY_VOID(render.read(bytes.size()));
  for (size_t at = 0; at < bytes.size();) {
    const CodePoint point = code_point_at(bytes, at);
    if (!is_such(point.value)) return Value(false);
    at += point.size_bytes;
  }
  return Value(of_empty || !bytes.empty());
}

template <bool upper>
Result<Value> is_cased(Render& render, const Value& self, const Args&) {
  const TestEntry* test = find_test(upper ? "upper" : "lower");
  return test->function(render, self, Args{});
}

// Words start with an upper-case letter and go on in lower case.
Result<Value> is_title_cased(Render& render, const Value& self, const Args&) {
  const std::string& bytes = self.text()->bytes;
  QUIRE_TRY_VOID(render.read(bytes.size()));
  bool after_cased = false, found = false;
  for (size_t at = 0; at < bytes.size();) {
    const CodePoint point = code_point_at(bytes, at);
    const bool starts = is_upper(point.value) || is_title(point.value);
    if (starts && after_cased) return Value(false);
    if (is_lower(point.value) && !after_cased) return Value(false);
    after_cased = starts || is_lower(point.value);
    found |= after_cased;
    at += point.size_bytes;
  }
  return Value(found);
}

constexpr NamedFunction methods[] = {
    {"isalpha", all_are<is_alpha>},       {"isdigit", all_are<is_digit>},
    {"isdecimal", all_are<is_decimal>},   {"isnumeric", all_are<is_numeric>},
    {"isalnum", all_are<is_alnum>},       {"isspace", all_are<is_space>},
    {"isascii", all_are<is_ascii, true>}, {"isprintable", all_are<is_printable, true>},
    {"isupper", is_cased<true>},          {"islower", is_cased<false>},
    {"istitle", is_title_cased},
};

}  // namespace

std::span<const NamedFunction> text_predicate_methods() { return methods; }

}  // namespace quire::jinja
