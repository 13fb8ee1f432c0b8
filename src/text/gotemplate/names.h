// What a template says of itself: the names that it uses, and where the model's answer begins.
#pragma once

#include <string>
#include <vector>

#include "text/gotemplate/syntax.h"

namespace quire::gotemplate {

// The names of fields and variables in the template and its definitions: lower case, sorted, each once. As Ollama
// looks for them: not in what stands in front of a field, as in (index .Messages 0).Content.
std::vector<std::string> names_of(const Syntax& syntax);

// The body up to the first action that mentions the field Response, with it: the prompt that the model continues.
// Blocks around it are kept, cut off there. All of it when no action mentions it.
Body until_response(const Body& body);

}  // namespace quire::gotemplate
