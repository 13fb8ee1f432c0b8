#include "text/constraint/code_points.h"

#include <utf8proc.h>

#include <algorithm>
#include <iterator>

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
  for (char32_t value = 0; value <= last_code_point; ++value) {
    if ((wanted & bit(utf8proc_category(static_cast<utf8proc_int32_t>(value)))) == 0) continue;
    if (!set.empty() && set.back().second + 1 == value) {
      set.back().second = value;
    } else {
      set.emplace_back(value, value);
    }
  }
  return normal(std::move(set));
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
  // Cased characters of Unicode are all below U+1E944; two are in one class when their fold is the same.
  constexpr char32_t cased_end = 0x1E944;
  const auto fold = [](char32_t value) {
    if (value == 0x130 || value == 0x131) return value;  // dotted and dotless i have no simple fold
    const auto upper = utf8proc_toupper(static_cast<utf8proc_int32_t>(value));
    return static_cast<char32_t>(utf8proc_tolower(upper));
  };
  std::vector<char32_t> folds;
  for (const auto& [first, last] : set) {
    for (char32_t value = first; value <= std::min<char32_t>(last, cased_end - 1); ++value)
      folds.push_back(fold(value));
  }
  std::sort(folds.begin(), folds.end());
  folds.erase(std::unique(folds.begin(), folds.end()), folds.end());
  CodePoints out = set;
  for (char32_t value = 0; value < cased_end; ++value) {
    if (std::binary_search(folds.begin(), folds.end(), fold(value))) out.emplace_back(value, value);
  }
  return normal(std::move(out));
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
  for (const std::string_view key : {"General_Category=", "gc="}) {
    if (name.starts_with(key)) name.remove_prefix(key.size());
  }
  for (const Category& row : categories) {
    if (name == row.short_name || name == row.long_name) return of_categories(row.categories);
  }
  return std::nullopt;
}

}  // namespace quire::constraint
