#include "text/constraint/front_end.h"

#include <utility>

#include "text/constraint/gbnf.h"
#include "text/constraint/pattern/regular.h"
#include "text/constraint/schema/schema.h"

namespace quire::constraint {
namespace {

Grammar grammar_of(const Regular& language) {
  Grammar grammar;
  grammar.set_root(language.add_to(grammar));
  return grammar;
}

Result<Grammar> pattern_grammar(const std::string& pattern) {
  QUIRE_TRY(const Regular language, Regular::parse(pattern, Match::whole));
  if (language.is_empty()) return fail(ErrorKind::invalid, "no text matches the pattern");
  return grammar_of(language);
}

Result<Grammar> choice_grammar(const std::vector<std::string>& choices) {
  if (choices.empty()) return fail(ErrorKind::invalid, "no choices to choose from");
  QUIRE_TRY(const Regular language, Regular::of(choices));
  return grammar_of(language);
}

}  // namespace

Result<Grammar> grammar_of(const Spec& spec) {
  switch (spec.kind) {
    case Kind::json:
      return json_grammar();
    case Kind::json_object:
      return json_object_grammar();
    case Kind::json_schema:
      return schema_grammar(spec.text);
    case Kind::regex:
      return pattern_grammar(spec.text);
    case Kind::choice:
      return choice_grammar(spec.choices);
    case Kind::gbnf:
      return parse_gbnf(spec.text);
  }
  return fail(ErrorKind::internal, "a kind of constraint that there is not");
}

}  // namespace quire::constraint
