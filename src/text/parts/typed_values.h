// Values that a model wrote as bare text, as JSON of the type that the tool's schema wants.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace quire::parts {

// Types of JSON that a value may have, a bit each.
using Types = uint8_t;
inline constexpr Types string_type = 1, number_type = 2, boolean_type = 4, null_type = 8, object_type = 16,
                       array_type = 32, any_type = 63;

// The types of a tool's parameters, as far as its schema says them: `type`, `enum` and `const`, in `anyOf`, `oneOf` and
// `allOf` too, and behind a local `$ref`. Immutable.
class ParameterTypes {
 public:
  // What is no schema has no types.
  static ParameterTypes of(std::string_view schema);
  // any_type where nothing is said.
  Types types(std::string_view parameter) const;

 private:
  std::map<std::string, Types, std::less<>> types_;
};

// The types that a schema by itself says, as above.
Types types_of_schema(std::string_view schema);

// A whole JSON text.
bool is_json(std::string_view text);

// A value as JSON. A text that is JSON of a type that may be is itself; else Python's literals are what JSON calls
// them; else it is a string, as all are where only a string may be.
std::string typed_value(std::string_view raw, Types types);

}  // namespace quire::parts
