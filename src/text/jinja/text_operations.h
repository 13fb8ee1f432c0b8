// What filters and methods do with texts. Bytes that are copied keep their marks; a character that is changed keeps
// the mark of the character it was made from.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/jinja/value.h"

namespace quire::jinja {

class Render;

enum class CaseChange : unsigned char { upper, lower, title_words, title_after_separators, capitalize, swap };

Result<Value> map_case(Render& render, const Str& text, CaseChange change);
// chars: the characters to strip; null: white space.
Result<Value> strip(Render& render, const Str& text, const Str& chars, bool left, bool right);
// separator: null splits at runs of white space. max < 0: no limit.
Result<Value> split(Render& render, const Str& text, const Str& separator, Int max, bool from_right);
Result<Value> split_lines(Render& render, const Str& text, bool keeps_ends);
// max < 0: all of them.
Result<Value> replace(Render& render, const Str& text, const Str& old_text, const Str& new_text, Int max);
enum class Align : unsigned char { left, right, center };
Result<Value> pad(Render& render, const Str& text, Int width, const Str& fill, Align align);
// The items, as text, with `separator` between them.
Result<Value> join(Render& render, const std::vector<Value>& items, const MarkedText& separator);
// With HTML's entities for & < > ' ".
Result<MarkedText> escaped(Render& render, const MarkedText& text);
Result<Value> reverse_text(Render& render, const Str& text);
Str shared_text(std::string_view bytes);

}  // namespace quire::jinja
