#include "text/constraint/pattern/unicode_property.h"

#include <fmt/format.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>

#include "text/unicode.h"

namespace quire::constraint {
namespace {

// ECMA-262, table of binary Unicode properties, each with its alias; sorted.
constexpr std::string_view binary_properties[] = {"AHex",
                                                  "ASCII_Hex_Digit",
                                                  "Alpha",
                                                  "Alphabetic",
                                                  "Bidi_C",
                                                  "Bidi_Control",
                                                  "Bidi_M",
                                                  "Bidi_Mirrored",
                                                  "CI",
                                                  "CWCF",
                                                  "CWCM",
                                                  "CWL",
                                                  "CWT",
                                                  "CWU",
                                                  "Case_Ignorable",
                                                  "Cased",
                                                  "Changes_When_Casefolded",
                                                  "Changes_When_Casemapped",
                                                  "Changes_When_Lowercased",
                                                  "Changes_When_Titlecased",
                                                  "Changes_When_Uppercased",
                                                  "DI",
                                                  "Dash",
                                                  "Default_Ignorable_Code_Point",
                                                  "Dep",
                                                  "Deprecated",
                                                  "Dia",
                                                  "Diacritic",
                                                  "EBase",
                                                  "EComp",
                                                  "EMod",
                                                  "EPres",
                                                  "Emoji",
                                                  "Emoji_Component",
                                                  "Emoji_Modifier",
                                                  "Emoji_Modifier_Base",
                                                  "Emoji_Presentation",
                                                  "Ext",
                                                  "ExtPict",
                                                  "Extended_Pictographic",
                                                  "Extender",
                                                  "Gr_Base",
                                                  "Gr_Ext",
                                                  "Grapheme_Base",
                                                  "Grapheme_Extend",
                                                  "Hex",
                                                  "Hex_Digit",
                                                  "IDC",
                                                  "IDS",
                                                  "IDSB",
                                                  "IDST",
                                                  "IDS_Binary_Operator",
                                                  "IDS_Trinary_Operator",
                                                  "ID_Continue",
                                                  "ID_Start",
                                                  "Ideo",
                                                  "Ideographic",
                                                  "Join_C",
                                                  "Join_Control",
                                                  "LOE",
                                                  "Logical_Order_Exception",
                                                  "Lower",
                                                  "Lowercase",
                                                  "Math",
                                                  "NChar",
                                                  "Noncharacter_Code_Point",
                                                  "Pat_Syn",
                                                  "Pat_WS",
                                                  "Pattern_Syntax",
                                                  "Pattern_White_Space",
                                                  "QMark",
                                                  "Quotation_Mark",
                                                  "RI",
                                                  "Radical",
                                                  "Regional_Indicator",
                                                  "SD",
                                                  "STerm",
                                                  "Sentence_Terminal",
                                                  "Soft_Dotted",
                                                  "Term",
                                                  "Terminal_Punctuation",
                                                  "UIdeo",
                                                  "Unified_Ideograph",
                                                  "Upper",
                                                  "Uppercase",
                                                  "VS",
                                                  "Variation_Selector",
                                                  "White_Space",
                                                  "XIDC",
                                                  "XIDS",
                                                  "XID_Continue",
                                                  "XID_Start",
                                                  "space"};

// PCRE2's name of what ECMA-262 calls `name`.
std::optional<std::string> pcre2_name(std::string_view name) {
  if (std::binary_search(std::begin(binary_properties), std::end(binary_properties), name)) return std::string(name);
  for (const auto& [key, type] :
       {std::pair("Script=", "sc"), {"sc=", "sc"}, {"Script_Extensions=", "scx"}, {"scx=", "scx"}}) {
    if (!name.starts_with(key)) continue;
    const std::string_view script = name.substr(std::string_view(key).size());
    const auto is_word = [](char byte) {
      return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '_';
    };
    // PCRE2 does not mind case, ECMA-262 does.
    if (script.empty() || script[0] < 'A' || script[0] > 'Z') return std::nullopt;
    if (!std::all_of(script.begin(), script.end(), is_word)) return std::nullopt;
    return fmt::format("{}:{}", type, script);
  }
  return std::nullopt;
}

struct FreePcre2 {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* found) const { pcre2_match_data_free(found); }
};

}  // namespace

std::optional<CodePoints> unicode_property(std::string_view name) {
  const auto known = pcre2_name(name);
  if (!known) return std::nullopt;
  const std::string source = fmt::format("\\p{{{}}}++", *known);
  int error = 0;
  size_t error_at = 0;
  const std::unique_ptr<pcre2_code, FreePcre2> code(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(source.data()), source.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK, &error, &error_at, nullptr));
  if (code == nullptr) return std::nullopt;
  (void)pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);
  const std::unique_ptr<pcre2_match_data, FreePcre2> found(pcre2_match_data_create_from_pattern(code.get(), nullptr));
  // A text of all samples; the runs that match are the set.
  std::string all;
  all.reserve(size_t{1} << 20);
  for (char32_t value = 0; value <= last_code_point; value = next_sample(value)) {
    if (value < 0xD800 || value > 0xDFFF) append_code_point(all, static_cast<int32_t>(value));
  }
  CodePoints set;
  size_t at = 0;
  while (pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(all.data()), all.size(), at, PCRE2_NO_UTF_CHECK,
                     found.get(), nullptr) > 0) {
    const size_t* run = pcre2_get_ovector_pointer(found.get());
    const auto first = static_cast<char32_t>(code_point_at(all, run[0]).value);
    const char32_t end =
        run[1] == all.size() ? last_code_point + 1 : static_cast<char32_t>(code_point_at(all, run[1]).value);
    set.emplace_back(first, end - 1);
    at = run[1];
  }
  return normal(std::move(set));
}

}  // namespace quire::constraint
