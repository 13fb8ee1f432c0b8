// Sets of code points, as a pattern's classes name them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace quire::constraint {

// Both ends are in a range. Sorted, no two touch, no surrogates: normal() makes them so, and the functions here take
// and give sets that are.
using CodePoints = std::vector<std::pair<char32_t, char32_t>>;
inline constexpr char32_t last_code_point = 0x10FFFF;

CodePoints normal(CodePoints ranges);
CodePoints all_but(const CodePoints& set);
bool contains(const CodePoints& set, char32_t value);
// With all that differ from one of the set by case alone (Unicode's simple case folding).
CodePoints with_both_cases(const CodePoints& set);
// How many of the set there are others of: what with_both_cases takes time for.
size_t cased_count(const CodePoints& set);

// The next one whose properties may be others than this one's: 1.1 million code points are told by a quarter of them,
// since planes 4 to 13 are not assigned, 15 and 16 private use, but for two noncharacters at the end of each.
char32_t next_sample(char32_t value);

// What hexadecimal digits say, UINT32_MAX where that is more; nothing where one of them is none.
std::optional<char32_t> hex_number(std::string_view digits);

// ECMA-262's \d, \w, \s, and what '.' does not match.
CodePoints digits();
CodePoints word_characters();
CodePoints white_space();
CodePoints line_ends();
// What \p{NAME} or \p{NAME=VALUE} means, nothing where the name means nothing here.
std::optional<CodePoints> property(std::string_view name);

}  // namespace quire::constraint
