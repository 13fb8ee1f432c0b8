// JSON Schema as a grammar of the JSON texts that keep to it.
#pragma once

#include <string_view>

#include "base/result.h"
#include "text/constraint/grammar/grammar.h"

namespace quire::constraint {

// Drafts 4 to 2020-12. Of the values that keep to the schema, those whose objects have their members in the schema's
// order: first those it names, in the order in which it does, then others. Texts are JSON with one space or none after
// ':', with one space, none, or a new line and at most indent_max spaces after ',' and inside of brackets that hold
// something. Strings have every escape where any string may come; where they are restricted, those that JSON asks for.
// Numbers: number.h.
// Never looser than the schema. ErrorKind::unsupported names the keyword that cannot be honoured and where it is,
// invalid what is wrong with the schema, too_large the bound that it breaks. A schema that nothing keeps to has a
// grammar without a text.
Result<Grammar> schema_grammar(std::string_view schema_text);

// Any JSON value; any JSON object: written as above.
Grammar json_grammar();
Grammar json_object_grammar();

}  // namespace quire::constraint
