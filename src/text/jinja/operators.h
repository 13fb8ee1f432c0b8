// Python's operators on values.
#pragma once

#include <compare>
#include <optional>

#include "base/result.h"
#include "text/jinja/ast.h"
#include "text/jinja/value.h"

namespace quire::jinja {

class Render;

bool is_true(const Value& value);
// len(value), or nothing for what has none.
std::optional<size_t> length(const Value& value);
Result<Value> binary(Render& render, BinaryOp op, const Value& left, const Value& right);
Result<Value> unary(UnaryOp op, const Value& operand);
Result<bool> compare(Render& render, CompareOp op, const Value& left, const Value& right);
// left == right, paid for. False where the operands are nested too deeply.
Result<bool> equals(Render& render, const Value& left, const Value& right);
// The value of `key` in a dict, or null.
Result<Value*> find_key(Render& render, Dict& dict, const Value& key);
// left < right, for sorting; an error for types that have no order.
Result<bool> less(Render& render, const Value& left, const Value& right);
Result<bool> contains(Render& render, const Value& container, const Value& item);
// object[start:stop:step]; null for a part that is not there.
Result<Value> slice(Render& render, const Value& object, const Value* start, const Value* stop, const Value* step);

}  // namespace quire::jinja
