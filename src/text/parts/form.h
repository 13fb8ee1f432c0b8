// How a model writes calls, as data: what the readers of calls are told.
#pragma once

#include <string_view>

#include "text/parts/turn.h"

namespace quire::parts {

// Names of the members of a call that is written as a JSON object.
struct JsonCall {
  std::string_view name = "name";
  std::string_view arguments = "arguments";
  std::string_view id = {};  // empty: calls have none
  bool id_is_last = false;   // behind the arguments: the call is given when it has ended
  bool name_is_key = false;  // {NAME: ARGUMENTS}
};

// A name, then the JSON of the arguments, between marks.
struct MarkedCall {
  std::string_view begin = {};            // of each call; empty: there is one call, behind the opener
  std::string_view id_end = {};           // an id comes before the name, up to here; empty: none does
  std::string_view arguments_begin = {};  // ends the name
  std::string_view end = {};              // empty: the call ends with its JSON
  bool numbered = false;                  // "functions.NAME:NUMBER", which is the id too
};

// Each argument has its own tags, and is text as its schema's type wants it.
struct TaggedCall {
  std::string_view name_begin = {};           // empty: the name comes at once
  std::string_view name_end = {};             // empty: white space or a tag ends it
  std::string_view name_attributes_end = {};  // behind the name come attributes, which are passed over
  std::string_view key_begin = {};
  std::string_view key_end = {};
  std::string_view value_begin = {};  // with white space before it
  std::string_view value_end = {};
  std::string_view end = {};             // of the call; empty: the closer is
  std::string_view attributes_end = {};  // behind the key come attributes that may say whether the value is a string
  bool quoted_data = false;              // a value may be XML's <![CDATA[...]]>
  bool value_lines = false;              // a line break at either end of a value is not part of it
};

// One way to begin calls. Marks are literal; white space between them is free.
struct CallForm {
  std::string_view opener;  // what tells that a call may begin here; never a beginning of another one
  // Reads calls from behind the opener. False: what was kept of it is text.
  Reading (*read)(Turn&, const CallForm&) = nullptr;
  std::string_view closer = {};  // may be missing at an answer's end
  bool list = false;             // calls stand in brackets (readers take both)
  bool ends_thinking = false;    // the opener is no word of thinking: a call begins there, and the thinking ends
  bool at_start = false;         // one byte that begins a call only where no text has come yet, and is read again
  JsonCall json = {};
  MarkedCall marked = {};
  TaggedCall tagged = {};
};

// Objects {"name": ..., "arguments": {...}}: one, several, or an array of them.
Reading read_json_calls(Turn& turn, const CallForm& form);
Reading read_marked_calls(Turn& turn, const CallForm& form);
// Mistral's: NAME[ARGS]{...}, NAME[CALL_ID]ID[ARGS]{...}, or an array of JSON objects.
Reading read_mistral_calls(Turn& turn, const CallForm& form);
// DeepSeek's: NAME and the JSON, or the word "function", NAME and fenced JSON.
Reading read_deepseek_calls(Turn& turn, const CallForm& form);
Reading read_tagged_calls(Turn& turn, const CallForm& form);
// NAME(KEY=VALUE, ...) as Python writes it: in a list, or one a line where there is a closer.
Reading read_python_calls(Turn& turn, const CallForm& form);
// Llama's behind its tag: a JSON object, NAME.call(KEY=VALUE, ...), or as read_python_calls.
Reading read_python_tag(Turn& turn, const CallForm& form);
// Gemma's: call:NAME{KEY:VALUE,...}, its strings between marks of their own, which form.marked.begin is.
Reading read_gemma_calls(Turn& turn, const CallForm& form);

}  // namespace quire::parts
