// A request's tools as Ollama gives them to templates.
#pragma once

#include "text/gotemplate/json_value.h"
#include "text/gotemplate/value.h"
#include "text/marked_text.h"

namespace quire::gotemplate {

class Render;

// The records of a request's tools; null makes a nil list. Of each tool the template sees what Ollama knows of tools:
// other members (default, minimum, ...) are not there for it.
Result<Value> tools_of_json(TemplateMemory& memory, const Json& tools);

// Whether the value describes a parameter of a tool.
bool is_property(const Value& value);
// What a parameter is in TypeScript, as "string | number"; "any" for every other value.
Result<MarkedText> typescript_type(Render& render, const Value& value);

}  // namespace quire::gotemplate
