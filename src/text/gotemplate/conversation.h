// A request's messages as Ollama gives them to templates.
#pragma once

#include <string>
#include <vector>

#include "text/gotemplate/json_value.h"
#include "text/gotemplate/value.h"

namespace quire::gotemplate {

// One turn: a message and those of the same role behind it.
struct Turn {
  std::string role;  // lower case
  MarkedText content;
  const Json* message = nullptr;  // the first of them, for all else that a template may ask for
};

struct Conversation {
  std::vector<Turn> turns;  // system turns too
  MarkedText system;        // the contents of all system messages
};

// Consecutive messages of a role become one, a blank line between them; tools' answers stay apart. [img-0], [img-1],
// ... stand for the images: each where the text says [img], else in front of it. REQUIRES: messages outlives the
// result.
Result<Conversation> conversation_of(const Json& messages);

// The turns as the records that templates see in .Messages.
Result<Value> messages_of(TemplateMemory& memory, const Conversation& conversation);

}  // namespace quire::gotemplate
