#include "text/constraint/pattern/pattern_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/unicode.h"

namespace quire::constraint {
namespace {

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
bool is_letter(char32_t value) { return (value >= 'a' && value <= 'z') || (value >= 'A' && value <= 'Z'); }

CodePoints one(char32_t value) { return normal({{value, value}}); }

// The escapes that stand for one control character.
std::optional<char32_t> control_character(char32_t name) {
  switch (name) {
    case 'a':
      return 0x07;
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'v':
      return '\v';
    case 'f':
      return '\f';
    case 'r':
      return '\r';
    default:
      return std::nullopt;
  }
}

std::optional<CodePoints> named_class(char32_t name, PatternFlags flags) {
  const auto words = [&] { return flags.any_case ? with_both_cases(word_characters()) : word_characters(); };
  switch (name) {
    case 'd':
      return digits();
    case 'D':
      return all_but(digits());
    case 'w':
      return words();
    case 'W':
      return all_but(words());
    case 's':
      return white_space();
    case 'S':
      return all_but(white_space());
    default:
      return std::nullopt;
  }
}

// \uNNNN, two of them that are a surrogate pair, or \u{N…}; the 'u' was taken.
Result<CodePoints> parse_unicode(PatternReader& reader, size_t begin) {
  if (reader.take("{")) {
    const auto digits_text = reader.take_until('}');
    if (!digits_text || digits_text->empty()) return reader.invalid(begin, "'\\u{' without a number and '}'");
    const auto value = hex_number(*digits_text);
    if (!value) return reader.invalid(begin, "'\\u{' with what is no hexadecimal digit");
    if (*value > last_code_point) return reader.invalid(begin, "a code point above U+10FFFF");
    return one(*value);
  }
  const auto value = reader.take_hex(4);
  if (!value) return reader.invalid(begin, "'\\u' without four hexadecimal digits");
  if (*value >= 0xD800 && *value <= 0xDBFF && reader.next_is("\\u")) {
    PatternReader ahead = reader;
    ahead.take("\\u");
    const auto low = ahead.take_hex(4);
    if (low && *low >= 0xDC00 && *low <= 0xDFFF) {
      reader = ahead;
      return one(0x10000 + ((*value - 0xD800) << 10) + (*low - 0xDC00));
    }
  }
  return one(*value);
}

Result<CodePoints> parse_property(PatternReader& reader, size_t begin, bool negative) {
  std::optional<std::string_view> name;
  if (reader.take("{")) name = reader.take_until('}');
  if (!name) return reader.invalid(begin, "'\\p' without {a property}");
  PatternClasses& classes = reader.classes();
  if (!classes.may_find(*name)) {
    return reader.error(ErrorKind::too_large, begin,
                        fmt::format("more than {} different properties", PatternClasses::properties_max));
  }
  const CodePoints* found = classes.find(*name);
  if (found == nullptr) return reader.unsupported(begin, fmt::format("the property '{}'", *name));
  return negative ? all_but(*found) : *found;
}

}  // namespace

const CodePoints* PatternClasses::find(std::string_view name) {
  auto at = known_.find(name);
  if (at == known_.end()) at = known_.emplace(name, property(name)).first;
  return at->second ? &*at->second : nullptr;
}

bool PatternReader::take(std::string_view wanted) {
  if (!next_is(wanted)) return false;
  at_ += wanted.size();
  return true;
}

char32_t PatternReader::take_character() {
  const CodePoint found = code_point_at(text_, at_);
  at_ += found.size_bytes;
  return static_cast<char32_t>(found.value);
}

std::optional<uint32_t> PatternReader::take_number() {
  if (at_end() || !is_digit(text_[at_])) return std::nullopt;
  uint64_t value = 0;
  for (; !at_end() && is_digit(text_[at_]); ++at_) {
    value = std::min<uint64_t>(value * 10 + static_cast<uint64_t>(text_[at_] - '0'), UINT32_MAX);
  }
  return static_cast<uint32_t>(value);
}

std::optional<std::string_view> PatternReader::take_until(char end) {
  const size_t found = text_.find(end, at_);
  if (found == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text_.substr(at_, found - at_);
  at_ = found + 1;
  return taken;
}

std::optional<char32_t> PatternReader::take_hex(size_t count) {
  if (text_.size() - at_ < count) return std::nullopt;
  const auto value = hex_number(text_.substr(at_, count));
  if (value) at_ += count;
  return value;
}

std::unexpected<Error> PatternReader::error(ErrorKind kind, size_t begin, std::string what) const {
  return fail(kind, fmt::format("{}, at character {} of the pattern", what,
                                count_code_points(text_.substr(0, std::min(begin, text_.size()))) + 1));
}
std::unexpected<Error> PatternReader::too_many_ranges(size_t begin) const {
  return error(ErrorKind::too_large, begin,
               fmt::format("classes of more than {} ranges in all", PatternClasses::ranges_max));
}
std::unexpected<Error> PatternReader::invalid(size_t begin, std::string what) const {
  return error(ErrorKind::invalid, begin, std::move(what));
}
std::unexpected<Error> PatternReader::unsupported(size_t begin, std::string what) const {
  return error(ErrorKind::unsupported, begin, what + " is not supported");
}

Result<CodePoints> parse_escape(PatternReader& reader, size_t begin, PatternFlags flags, bool in_class) {
  if (reader.at_end()) return reader.invalid(begin, "'\\' at the end");
  const size_t name_at = reader.at();
  const char32_t name = reader.take_character();
  if (const auto control = control_character(name)) return one(*control);
  if (auto set = named_class(name, flags)) return *std::move(set);
  if (name == 'p' || name == 'P') return parse_property(reader, begin, name == 'P');
  if (name == 'u') return parse_unicode(reader, begin);
  if (name == 'x' || name == 'U') {
    const auto value = reader.take_hex(name == 'x' ? 2 : 8);
    if (!value || *value > last_code_point) {
      return reader.invalid(begin, name == 'x' ? "'\\x' without two hexadecimal digits" : "'\\U' without a code point");
    }
    return one(*value);
  }
  if (name == 'c') {
    if (reader.at_end()) return reader.invalid(begin, "'\\c' without a letter");
    const char32_t letter = reader.take_character();
    if (!is_letter(letter)) return reader.invalid(begin, "'\\c' without a letter");
    return one(letter % 32);
  }
  if (name == 'b' && in_class) return one('\b');
  if (name == '0') {
    if (!reader.take_number()) return one(0);
    return reader.unsupported(begin, "an octal escape");
  }
  if (name >= '1' && name <= '9') {
    reader.go_to(name_at);
    const auto number = reader.take_number();
    if (in_class) return reader.unsupported(begin, "an octal escape");
    return reader.unsupported(begin, fmt::format("the back reference '\\{}'", *number));
  }
  if (name == 'k' && reader.next_is("<")) return reader.unsupported(begin, "a back reference by name");
  if (is_letter(name)) return reader.invalid(begin, fmt::format("the escape '\\{}'", static_cast<char>(name)));
  return one(name);
}

Result<CodePoints> parse_class(PatternReader& reader, size_t begin, PatternFlags flags) {
  const bool negative = reader.take("^");
  CodePoints all;
  while (!reader.take("]")) {
    // One end of a range, or a whole set.
    const auto member = [&]() -> Result<CodePoints> {
      const size_t at = reader.at();
      if (reader.at_end()) return reader.invalid(begin, "'[' without its ']'");
      if (reader.take("\\")) return parse_escape(reader, at, flags, true);
      if (reader.next_is("[:")) return reader.unsupported(at, "a POSIX class as '[:alpha:]'");
      const char32_t value = reader.take_character();
      return CodePoints{{value, value}};
    };
    const size_t at = reader.at();
    QUIRE_TRY(CodePoints first, member());
    if (!reader.classes().spend(first.size())) return reader.too_many_ranges(begin);
    if (!reader.next_is("-") || reader.next_is("-]")) {
      all.insert(all.end(), first.begin(), first.end());
      continue;
    }
    reader.take("-");
    QUIRE_TRY(CodePoints last, member());
    const auto is_one = [](const CodePoints& set) { return set.size() == 1 && set[0].first == set[0].second; };
    // An end that is a lone surrogate is in no text; ranges that end there are too odd to guess at.
    if (!is_one(first) || !is_one(last)) return reader.invalid(at, "a range whose ends are not characters");
    if (first[0].first > last[0].first) return reader.invalid(at, "a range whose ends are in the wrong order");
    all.emplace_back(first[0].first, last[0].first);
  }
  all = normal(std::move(all));
  if (flags.any_case) {
    if (!reader.classes().spend(cased_count(all))) return reader.too_many_ranges(begin);
    all = with_both_cases(all);
  }
  return negative ? all_but(all) : all;
}

}  // namespace quire::constraint
