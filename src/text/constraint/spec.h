// What a request says an answer must be, before it is compiled.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quire::constraint {

enum class Kind : uint8_t {
  json,         // any JSON value; `text` is unused
  json_object,  // any JSON object
  json_schema,  // `text` is the schema
  regex,        // the whole answer matches `text`
  choice,       // the answer is one of `choices`
  gbnf,         // `text` is a grammar in llama.cpp's notation
};

// Equal specs are one language.
struct Spec {
  Kind kind = Kind::json;
  std::string text = {};
  std::vector<std::string> choices = {};
  bool operator==(const Spec&) const = default;
  auto operator<=>(const Spec&) const = default;
};

}  // namespace quire::constraint
