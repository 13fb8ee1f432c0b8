// JSON schemas: any bytes are an error, or a grammar that compiles or is refused; within the bounds of each.
#include <string_view>

#include "base/check.h"
#include "text/constraint/schema/schema.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  const auto grammar = quire::constraint::schema_grammar({reinterpret_cast<const char*>(input), size});
  if (!grammar) {
    QUIRE_CHECK(!grammar.error().message.empty(), "a refusal says why");
    return 0;
  }
  QUIRE_CHECK(grammar->check().has_value(), "every rule is defined");
  return 0;
}
