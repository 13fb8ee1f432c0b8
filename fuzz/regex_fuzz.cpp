// Patterns: any bytes are an error, or a language of UTF-8 texts that its grammar and its complement agree with.
#include <string_view>

#include "base/check.h"
#include "text/constraint/automaton/automaton.h"
#include "text/constraint/pattern/regular.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  using namespace quire::constraint;
  // The pattern to the first zero byte, then a text.
  const std::string_view all(reinterpret_cast<const char*>(input), size);
  const std::string_view pattern = all.substr(0, all.find('\0'));
  const std::string_view text = pattern.size() < size ? all.substr(pattern.size() + 1) : std::string_view{};
  const auto language = Regular::parse(pattern, Match::whole);
  const auto anywhere = Regular::parse(pattern, Match::anywhere);
  if (!language || !anywhere || language->state_count() > 2000 || anywhere->state_count() > 2000) return 0;
  const bool matches = language->matches(text);
  QUIRE_CHECK(!matches || Regular::any().matches(text), "only UTF-8 matches");
  const auto outside = language->without(*anywhere);
  QUIRE_CHECK(!outside || outside->is_empty(), "what matches whole matches anywhere");
  QUIRE_CHECK(Regular::any().without(*language)->matches(text) == (Regular::any().matches(text) && !matches),
              "a text is in a language or in its complement");
  Grammar grammar;
  grammar.set_root(language->add_to(grammar));
  auto automaton = Automaton::compile(grammar);
  QUIRE_CHECK(automaton.has_value() == !language->is_empty(), "a language with a text has an automaton");
  if (automaton) QUIRE_CHECK(automaton->matches(text) == matches, "the grammar has the same texts");
  (void)language->as_json_string();
  return 0;
}
