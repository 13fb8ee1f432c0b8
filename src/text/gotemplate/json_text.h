// Values as JSON, the way encoding/json writes them.
#pragma once

#include "text/gotemplate/render.h"
#include "text/gotemplate/value.h"
#include "text/marked_text.h"

namespace quire::gotemplate {

// Appends the value: no spaces, keys in order, < > & and line separators escaped. An error for images.
Render::Status append_json(Render& render, TextBuilder& out, const Value& value);

}  // namespace quire::gotemplate
