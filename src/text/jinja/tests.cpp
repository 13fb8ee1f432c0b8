// Jinja's tests: `value is name(args)`.
#include <algorithm>

#include "text/jinja/operators.h"
#include "text/jinja/render.h"
#include "text/unicode.h"

namespace quire::jinja {

namespace {

using Holds = bool (*)(const Value&);

template <Holds holds>
Result<Value> check(Render&, const Value& value, const Args& args) {
  if (!args.positional.empty() || !args.named.empty()) return template_error("this test takes no arguments");
  return Value(holds(value));
}

bool is_defined(const Value& v) { return !v.is_undefined(); }
bool is_undefined(const Value& v) { return v.is_undefined(); }
bool is_none(const Value& v) { return v.is_none(); }
bool is_boolean(const Value& v) { return v.is<bool>(); }
bool is_false(const Value& v) { return v.is<bool>() && !*v.as<bool>(); }
bool is_true_value(const Value& v) { return v.is<bool>() && *v.as<bool>(); }
bool is_integer(const Value& v) { return v.is<Int>(); }
bool is_real(const Value& v) { return v.is<double>(); }
bool is_number(const Value& v) { return v.is<Int>() || v.is<double>() || v.is<bool>(); }
bool is_string(const Value& v) { return v.is<Str>(); }
bool is_mapping(const Value& v) { return v.dict() != nullptr; }
bool is_iterable(const Value& v) { return Cursor::is_iterable(v); }
// Jinja's undefined has the methods of a sequence and of a function, and fails only when they are called.
bool is_callable(const Value& v) { return v.callable() || v.is_undefined() || v.loop(); }
bool is_escaped(const Value&) { return false; }

bool is_sequence(const Value& v) {
  if (v.text() || v.dict() || v.is_undefined()) return true;
  const Sequence* sequence = v.sequence();
  return sequence && (sequence->type == SequenceType::list || sequence->type == SequenceType::tuple ||
                      sequence->type == SequenceType::range);
}

// At least one character has a case, and none has the other one.
bool has_only_case(std::string_view text, bool upper) {
  bool found = false;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    if (is_title(point.value) || (upper ? is_lower(point.value) : is_upper(point.value))) return false;
    found |= upper ? is_upper(point.value) : is_lower(point.value);
    at += point.size_bytes;
  }
  return found;
}

template <bool upper>
Result<Value> has_case(Render& render, const Value& value, const Args&) {
  QUIRE_TRY(const Str text, render.to_text(value));
  QUIRE_TRY_VOID(render.read(text->bytes.size()));
  return Value(has_only_case(text->bytes, upper));
}

Result<Value> remainder_is(Render& render, const Value& value, const Value& divisor, int64_t expected) {
  if (value.text()) return template_error("not a number");
  QUIRE_TRY(const Value rest, binary(render, BinaryOp::modulo, value, divisor));
  return Value(equal(rest, integer(expected)));
}

Result<Value> is_odd(Render& render, const Value& value, const Args&) {
  return remainder_is(render, value, integer(int64_t{2}), 1);
}
Result<Value> is_even(Render& render, const Value& value, const Args&) {
  return remainder_is(render, value, integer(int64_t{2}), 0);
}
Result<Value> is_divisible_by(Render& render, const Value& value, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "divisibleby", {"num"}, 1));
  return remainder_is(render, value, *bound[0], 0);
}

template <CompareOp op>
Result<Value> compares(Render& render, const Value& value, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "comparison", {"other"}, 1));
  const bool is_order = op != CompareOp::equal && op != CompareOp::not_equal && op != CompareOp::in;
  if (is_order && (value.is_undefined() || bound[0]->is_undefined())) return template_error("the value is undefined");
  QUIRE_TRY(const bool holds, compare(render, op, value, *bound[0]));
  return Value(holds);
}

Result<Value> is_same_as(Render&, const Value& value, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "sameas", {"other"}, 1));
  const Value& other = *bound[0];
  if (value.sequence() || other.sequence()) return Value(value.sequence() == other.sequence());
  if (value.dict() || other.dict()) return Value(value.dict() == other.dict());
  return Value(type_name(value) == type_name(other) && equal(value, other));
}

Result<Value> is_filter(Render&, const Value& value, const Args&) {
  return Value(value.text() && find_filter(value.text()->bytes) != nullptr);
}
Result<Value> is_test(Render&, const Value& value, const Args&) {
  return Value(value.text() && find_test(value.text()->bytes) != nullptr);
}

constexpr TestEntry tests[] = {
    {{"defined", check<is_defined>}},
    {{"undefined", check<is_undefined>}},
    {{"none", check<is_none>}},
    {{"boolean", check<is_boolean>}},
    {{"false", check<is_false>}},
    {{"true", check<is_true_value>}},
    {{"integer", check<is_integer>}},
    {{"float", check<is_real>}},
    {{"number", check<is_number>}},
    {{"string", check<is_string>}},
    {{"mapping", check<is_mapping>}},
    {{"iterable", check<is_iterable>}},
    {{"sequence", check<is_sequence>}},
    {{"callable", check<is_callable>}},
    {{"escaped", check<is_escaped>}},
    {{"lower", has_case<false>}},
    {{"upper", has_case<true>}},
    {{"odd", is_odd}},
    {{"even", is_even}},
    {{"divisibleby", is_divisible_by}},
    {{"sameas", is_same_as}},
    {{"in", compares<CompareOp::in>}},
    {{"==", compares<CompareOp::equal>}},
    {{"eq", compares<CompareOp::equal>}},
    {{"equalto", compares<CompareOp::equal>}},
    {{"!=", compares<CompareOp::not_equal>}},
    {{"ne", compares<CompareOp::not_equal>}},
    {{"<", compares<CompareOp::less>}},
    {{"lt", compares<CompareOp::less>}},
    {{"lessthan", compares<CompareOp::less>}},
    {{"<=", compares<CompareOp::less_equal>}},
    {{"le", compares<CompareOp::less_equal>}},
    {{">", compares<CompareOp::greater>}},
    {{"gt", compares<CompareOp::greater>}},
    {{"greaterthan", compares<CompareOp::greater>}},
    {{">=", compares<CompareOp::greater_equal>}},
    {{"ge", compares<CompareOp::greater_equal>}},
    {{"filter", is_filter}},
    {{"test", is_test}},
};

}  // namespace

const TestEntry* find_test(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(tests), std::end(tests), [&](const TestEntry& test) { return test.name == name; });
  return found == std::end(tests) ? nullptr : found;
}

}  // namespace quire::jinja
