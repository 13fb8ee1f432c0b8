// eq, ne, lt, le, gt, ge: values of one type compare, and nothing equals only nothing.
#include <fmt/format.h>

#include "text/gotemplate/functions.h"
#include "text/gotemplate/render.h"

namespace quire::gotemplate {

namespace {

bool is_scalar(const Value& value) {
  return value.is<bool>() || value.is<int64_t>() || value.is<double>() || value.text();
}

// Whether Go would see a nil: a list or map that was never there is one.
bool is_go_nil(const Value& value) {
  if (value.list()) return value.list()->is_nil;
  if (value.map()) return value.map()->is_nil;
  return value.is_nil();
}

std::unexpected<Error> incomparable(const Value& a, const Value& b) {
  return template_error(fmt::format("cannot compare {} with {}", type_name(a), type_name(b)));
}

// What lists, maps and records have in common: equality with nil is all they know.
Result<bool> equal_objects(const Value& a, const Value& b) {
  const bool same_kind = (a.list() && b.list()) || (a.map() && b.map()) || (a.record() && b.record());
  if (!same_kind && !a.is_nil() && !b.is_nil()) return incomparable(a, b);
  if (is_go_nil(a) || is_go_nil(b)) return is_go_nil(a) == is_go_nil(b);
  const bool are_pointers = a.record() && a.record()->type->is_pointer && b.record()->type->is_pointer;
  if (!are_pointers) return incomparable(a, b);
  return a.record() == b.record();
}

Result<bool> equal(Render& render, const Value& a, const Value& b) {
  QUIRE_TRY_VOID(render.budget().step());
  if (is_scalar(a) != is_scalar(b)) {
    if (a.is_nil() || b.is_nil()) return false;
    return incomparable(a, b);
  }
  if (!is_scalar(a)) return equal_objects(a, b);
  if (a.is<bool>() && b.is<bool>()) return *a.as<bool>() == *b.as<bool>();
  if (a.is<int64_t>() && b.is<int64_t>()) return *a.as<int64_t>() == *b.as<int64_t>();
  if (a.is<double>() && b.is<double>()) return *a.as<double>() == *b.as<double>();
  if (!a.text() || !b.text()) return incomparable(a, b);
  QUIRE_TRY_VOID(render.budget().read(a.text()->bytes.size()));
  return a.text()->bytes == b.text()->bytes;
}

Result<bool> less(Render& render, const Value& a, const Value& b) {
  if (a.is<int64_t>() && b.is<int64_t>()) return *a.as<int64_t>() < *b.as<int64_t>();
  if (a.is<double>() && b.is<double>()) return *a.as<double>() < *b.as<double>();
  if (!a.text() || !b.text()) return incomparable(a, b);
  QUIRE_TRY_VOID(render.budget().read(a.text()->bytes.size()));
  return a.text()->bytes < b.text()->bytes;
}

Result<bool> less_or_equal(Render& render, const Value& a, const Value& b) {
  QUIRE_TRY(const bool is_less, less(render, a, b));
  if (is_less) return true;
  return equal(render, a, b);
}

}  // namespace

// Whether the first argument equals any of the others; those behind the first equal one are not looked at.
Result<Value> call_eq(Render& render, Arguments arguments) {
  for (const Value& other : arguments.subspan(1)) {
    QUIRE_TRY(const bool are_equal, equal(render, arguments[0], other));
    if (are_equal) return Value(true);
  }
  return Value(false);
}

Result<Value> call_ne(Render& render, Arguments arguments) {
  QUIRE_TRY(const bool are_equal, equal(render, arguments[0], arguments[1]));
  return Value(!are_equal);
}

Result<Value> call_lt(Render& render, Arguments arguments) {
  QUIRE_TRY(const bool is_less, less(render, arguments[0], arguments[1]));
  return Value(is_less);
}

Result<Value> call_le(Render& render, Arguments arguments) {
  QUIRE_TRY(const bool holds, less_or_equal(render, arguments[0], arguments[1]));
  return Value(holds);
}

Result<Value> call_gt(Render& render, Arguments arguments) {
  QUIRE_TRY(const bool holds, less_or_equal(render, arguments[0], arguments[1]));
  return Value(!holds);
}

Result<Value> call_ge(Render& render, Arguments arguments) {
  QUIRE_TRY(const bool is_less, less(render, arguments[0], arguments[1]));
  return Value(!is_less);
}

}  // namespace quire::gotemplate
