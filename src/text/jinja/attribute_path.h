// The "attribute" argument of filters: a name, a number, or a path of them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "text/jinja/value.h"

namespace quire::jinja {

class Render;

// "address.city" or 0. An empty path is the item itself.
class AttributePath {
 public:
  AttributePath() = default;
  // attribute: null or None for the item itself.
  static Result<AttributePath> parse(Render& render, const Value* attribute);
  // otherwise: stands in for what an item does not have; null: undefined.
  Result<Value> get(Render& render, const Value& item, const Value* otherwise = nullptr) const;

 private:
  std::vector<Value> keys_;
};

// Lower case where it is a text: what sorting and grouping compare unless they are case-sensitive.
Result<Value> without_case(Render& render, const Value& value);

}  // namespace quire::jinja
