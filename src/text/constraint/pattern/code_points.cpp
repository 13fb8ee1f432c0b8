#include "text/constraint/pattern/code_points.h"

#include <utf8proc.h>

#include <algorithm>
#include <iterator>

#include "base/ascii.h"
#include "text/constraint/pattern/unicode_property.h"

namespace quire::constraint {
namespace {

constexpr char32_t surrogates_first = 0xD800, surrogates_last = 0xDFFF;

struct Category {
  std::string_view short_name, long_name;
  uint32_t categories;  // a bit for each of utf8proc's
};
constexpr uint32_t bit(int category) { return uint32_t{1} << category; }
constexpr uint32_t cased_letters = bit(UTF8PROC_CATEGORY_LU) | bit(UTF8PROC_CATEGORY_LL) | bit(UTF8PROC_CATEGORY_LT);
constexpr uint32_t letters = cased_letters | bit(UTF8PROC_CATEGORY_LM) | bit(UTF8PROC_CATEGORY_LO);
constexpr uint32_t marks = bit(UTF8PROC_CATEGORY_MN) | bit(UTF8PROC_CATEGORY_MC) | bit(UTF8PROC_CATEGORY_ME);
constexpr uint32_t numbers = bit(UTF8PROC_CATEGORY_ND) | bit(UTF8PROC_CATEGORY_NL) | bit(UTF8PROC_CATEGORY_NO);
constexpr uint32_t punctuation = bit(UTF8PROC_CATEGORY_PC) | bit(UTF8PROC_CATEGORY_PD) | bit(UTF8PROC_CATEGORY_PS) |
                                 bit(UTF8PROC_CATEGORY_PE) | bit(UTF8PROC_CATEGORY_PI) | bit(UTF8PROC_CATEGORY_PF) |
                                 bit(UTF8PROC_CATEGORY_PO);
constexpr uint32_t symbols =
    bit(UTF8PROC_CATEGORY_SM) | bit(UTF8PROC_CATEGORY_SC) | bit(UTF8PROC_CATEGORY_SK) | bit(UTF8PROC_CATEGORY_SO);
constexpr uint32_t separators = bit(UTF8PROC_CATEGORY_ZS) | bit(UTF8PROC_CATEGORY_ZL) | bit(UTF8PROC_CATEGORY_ZP);
constexpr uint32_t others = bit(UTF8PROC_CATEGORY_CC) | bit(UTF8PROC_CATEGORY_CF) | bit(UTF8PROC_CATEGORY_CS) |
                            bit(UTF8PROC_CATEGORY_CO) | bit(UTF8PROC_CATEGORY_CN);

// ECMA-262, table of values of General_Category, with its aliases; and the three names of sets of all of them.
constexpr Category categories[] = {
    {"LC", "Cased_Letter", cased_letters},
    {"Pe", "Close_Punctuation", bit(UTF8PROC_CATEGORY_PE)},
    {"Pc", "Connector_Punctuation", bit(UTF8PROC_CATEGORY_PC)},
    {"Cc", "Control", bit(UTF8PROC_CATEGORY_CC)},
    {"cntrl", "cntrl", bit(UTF8PROC_CATEGORY_CC)},
    {"Sc", "Currency_Symbol", bit(UTF8PROC_CATEGORY_SC)},
    {"Pd", "Dash_Punctuation", bit(UTF8PROC_CATEGORY_PD)},
    {"Nd", "Decimal_Number", bit(UTF8PROC_CATEGORY_ND)},
    {"digit", "digit", bit(UTF8PROC_CATEGORY_ND)},
    {"Me", "Enclosing_Mark", bit(UTF8PROC_CATEGORY_ME)},
    {"Pf", "Final_Punctuation", bit(UTF8PROC_CATEGORY_PF)},
    {"Cf", "Format", bit(UTF8PROC_CATEGORY_CF)},
    {"Pi", "Initial_Punctuation", bit(UTF8PROC_CATEGORY_PI)},
    {"L", "Letter", letters},
    {"Nl", "Letter_Number", bit(UTF8PROC_CATEGORY_NL)},
    {"Zl", "Line_Separator", bit(UTF8PROC_CATEGORY_ZL)},
    {"Ll", "Lowercase_Letter", bit(UTF8PROC_CATEGORY_LL)},
    {"M", "Mark", marks},
    {"Combining_Mark", "Combining_Mark", marks},
    {"Sm", "Math_Symbol", bit(UTF8PROC_CATEGORY_SM)},
    {"Lm", "Modifier_Letter", bit(UTF8PROC_CATEGORY_LM)},
    {"Sk", "Modifier_Symbol", bit(UTF8PROC_CATEGORY_SK)},
    {"Mn", "Nonspacing_Mark", bit(UTF8PROC_CATEGORY_MN)},
    {"N", "Number", numbers},
    {"Ps", "Open_Punctuation", bit(UTF8PROC_CATEGORY_PS)},
    {"C", "Other", others},
    {"Lo", "Other_Letter", bit(UTF8PROC_CATEGORY_LO)},
    {"No", "Other_Number", bit(UTF8PROC_CATEGORY_NO)},
    {"Po", "Other_Punctuation", bit(UTF8PROC_CATEGORY_PO)},
    {"So", "Other_Symbol", bit(UTF8PROC_CATEGORY_SO)},
    {"Zp", "Paragraph_Separator", bit(UTF8PROC_CATEGORY_ZP)},
    {"Co", "Private_Use", bit(UTF8PROC_CATEGORY_CO)},
    {"P", "Punctuation", punctuation},
    {"punct", "punct", punctuation},
    {"Z", "Separator", separators},
    {"Zs", "Space_Separator", bit(UTF8PROC_CATEGORY_ZS)},
    {"Mc", "Spacing_Mark", bit(UTF8PROC_CATEGORY_MC)},
    {"Cs", "Surrogate", bit(UTF8PROC_CATEGORY_CS)},
    {"S", "Symbol", symbols},
    {"Lt", "Titlecase_Letter", bit(UTF8PROC_CATEGORY_LT)},
    {"Cn", "Unassigned", bit(UTF8PROC_CATEGORY_CN)},
    {"Lu", "Uppercase_Letter", bit(UTF8PROC_CATEGORY_LU)},
};

CodePoints of_categories(uint32_t wanted) {
  CodePoints set;
  for (char32_t value = 0; value <= last_code_point;) {
    const char32_t next = next_sample(value);
    if ((wanted & bit(utf8proc_category(static_cast<utf8proc_int32_t>(value)))) != 0) {
      if (!set.empty() && set.back().second + 1 == value) {
        set.back().second = next - 1;
      } else {
        set.emplace_back(value, next - 1);
      }
    }
    value = next;
  }
  return normal(std::move(set));
}

// What Unicode's CaseFolding.txt makes of a character, its rows C and S.
char32_t simple_fold(char32_t value) {
  switch (value) {
    case 0x130:
    case 0x131:
      return value;  // dotted and dotless i have no fold of one character
    case 0x1FD3:
      return 0x390;
    case 0x1FE3:
      return 0x3B0;
    case 0xFB06:
      return 0xFB05;
    default:
      break;
  }
  return static_cast<char32_t>(utf8proc_tolower(utf8proc_toupper(static_cast<utf8proc_int32_t>(value))));
}

// The characters that are one with another. Read-only once made.
class CaseClasses {
 public:
  CaseClasses() {
    constexpr char32_t cased_end = 0x1E944;  // after the last one of Unicode that has case
    for (char32_t value = 0; value < cased_end; ++value) {
      const char32_t fold = simple_fold(value);
      if (fold == value) continue;
      by_fold_.emplace_back(fold, value);
      by_fold_.emplace_back(fold, fold);
    }
    std::sort(by_fold_.begin(), by_fold_.end());
    by_fold_.erase(std::unique(by_fold_.begin(), by_fold_.end()), by_fold_.end());
    for (const auto& [fold, value] : by_fold_) by_value_.emplace_back(value, fold);
    std::sort(by_value_.begin(), by_value_.end());
  }
  size_t count(char32_t first, char32_t last) const {
    const auto begin = std::lower_bound(by_value_.begin(), by_value_.end(), std::pair(first, char32_t{0}));
    return static_cast<size_t>(
        std::lower_bound(begin, by_value_.end(), std::pair(static_cast<char32_t>(last + 1), char32_t{0})) - begin);
  }
  void add_others(char32_t first, char32_t last, CodePoints& out) const {
    auto at = std::lower_bound(by_value_.begin(), by_value_.end(), std::pair(first, char32_t{0}));
    for (; at != by_value_.end() && at->first <= last; ++at) {
      auto other = std::lower_bound(by_fold_.begin(), by_fold_.end(), std::pair(at->second, char32_t{0}));
      for (; other != by_fold_.end() && other->first == at->second; ++other)
        out.emplace_back(other->second, other->second);
    }
  }

 private:
  std::vector<std::pair<char32_t, char32_t>> by_fold_, by_value_;
};

const CaseClasses& case_classes() {
  static const CaseClasses classes;
  return classes;
}

}  // namespace

CodePoints normal(CodePoints ranges) {
  CodePoints parts;
  for (const auto& [first, last] : ranges) {
    if (first < surrogates_first) parts.emplace_back(first, std::min<char32_t>(last, surrogates_first - 1));
    if (last > surrogates_last)
      parts.emplace_back(std::max<char32_t>(first, surrogates_last + 1), std::min<char32_t>(last, last_code_point));
  }
  std::sort(parts.begin(), parts.end());
  CodePoints out;
  for (const auto& [first, last] : parts) {
    if (first > last) continue;
    if (!out.empty() && first <= out.back().second + 1) {
      out.back().second = std::max(out.back().second, last);
    } else {
      out.emplace_back(first, last);
    }
  }
  return out;
}

CodePoints all_but(const CodePoints& set) {
  CodePoints out;
  char32_t at = 0;
  for (const auto& [first, last] : set) {
    if (first > at) out.emplace_back(at, first - 1);
    at = last + 1;
  }
  if (at <= last_code_point) out.emplace_back(at, last_code_point);
  return normal(std::move(out));
}

bool contains(const CodePoints& set, char32_t value) {
  const auto after = std::upper_bound(set.begin(), set.end(), value,
                                      [](char32_t wanted, const auto& range) { return wanted < range.first; });
  return after != set.begin() && std::prev(after)->second >= value;
}

CodePoints with_both_cases(const CodePoints& set) {
  CodePoints out = set;
  for (const auto& [first, last] : set) case_classes().add_others(first, last, out);
  return normal(std::move(out));
}

size_t cased_count(const CodePoints& set) {
  size_t count = 0;
  for (const auto& [first, last] : set) count += case_classes().count(first, last);
  return count;
}

char32_t next_sample(char32_t value) {
  if (value < 0x3FFFF || (value >= 0xE0000 && value < 0xE1000)) return value + 1;
  const char32_t plane = value & ~char32_t{0xFFFF};
  return (value & 0xFFFF) < 0xFFFE ? plane + 0xFFFE : plane + 0x10000;
}

std::optional<char32_t> hex_number(std::string_view digits) {
  char32_t value = 0;
  for (const char digit : digits) {
    const char lower = lower_case(digit);
    const bool is_letter = lower >= 'a' && lower <= 'f';
    if (!is_letter && (digit < '0' || digit > '9')) return std::nullopt;
    const auto more = static_cast<char32_t>(is_letter ? lower - 'a' + 10 : digit - '0');
    value = value > UINT32_MAX / 16 ? UINT32_MAX : value * 16 + more;
  }
  return value;
}

CodePoints digits() { return {{'0', '9'}}; }
CodePoints word_characters() { return {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}; }
CodePoints line_ends() { return {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}; }
CodePoints white_space() {
  return {{'\t', '\r'},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
          {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
}

std::optional<CodePoints> property(std::string_view name) {
  if (name == "Any") return CodePoints(all_but({}));
  if (name == "ASCII") return CodePoints{{0, 0x7F}};
  if (name == "Assigned") return of_categories(~bit(UTF8PROC_CATEGORY_CN));
  std::string_view category = name;
  for (const std::string_view key : {"General_Category=", "gc="}) {
    if (name.starts_with(key)) category = name.substr(key.size());
  }
  for (const Category& row : categories) {
    if (category == row.short_name || category == row.long_name) return of_categories(row.categories);
  }
  return unicode_property(name);
}

}  // namespace quire::constraint
