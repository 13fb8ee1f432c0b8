// Just enough of a C++ reader for rules about the tree: what it includes, what is code, where functions are.
// It assumes formatted, compiling code; macros that open a brace without closing it would mislead it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quire::tree {

// The same text with the insides of comments, strings and character constants blanked; line breaks stay.
std::string code_only(std::string_view source);

struct Include {
  std::string path;
  bool quoted = false;  // "path", not <path>
  int line = 0;
};
std::vector<Include> includes_of(std::string_view source);

struct Function {
  std::string name;
  int first_line = 0;  // of its signature
  int last_line = 0;   // of its closing brace
  int line_count() const { return last_line - first_line + 1; }
};
// Functions defined at namespace or class level, in order. A lambda counts as a part of the function around it.
std::vector<Function> functions_of(std::string_view source);

int line_count(std::string_view source);

// The word is in the text, and not as a part of a longer word.
bool has_word(std::string_view text, std::string_view word);

}  // namespace quire::tree
