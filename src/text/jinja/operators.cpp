#include "text/jinja/operators.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "text/jinja/arithmetic.h"
#include "text/jinja/format.h"
#include "text/jinja/render.h"
#include "text/jinja/text_operations.h"
#include "text/unicode.h"

namespace quire::jinja {

namespace {

// Lists inside lists that one comparison follows.
constexpr int order_depth_max = 50;

bool is_list(const Value& value) { return value.sequence() && value.sequence()->type == SequenceType::list; }
bool is_tuple(const Value& value) { return value.sequence() && value.sequence()->type == SequenceType::tuple; }

std::unexpected<Error> no_order(std::string_view op, const Value& left, const Value& right) {
  return template_error(
      fmt::format("'{}' not supported between instances of '{}' and '{}'", op, type_name(left), type_name(right)));
}

Result<std::partial_ordering> order(Render& render, std::string_view op, const Value& left, const Value& right,
                                    int depth = 0) {
  QUIRE_TRY_VOID(render.step());
  Int left_int = 0, right_int = 0;
  if (as_int(left, left_int) && as_int(right, right_int)) return left_int <=> right_int;
  double left_real = 0, right_real = 0;
  if (as_double(left, left_real) && as_double(right, right_real)) return left_real <=> right_real;
  if (left.text() && right.text()) return left.text()->bytes.compare(right.text()->bytes) <=> 0;
  const bool are_sequences = (is_list(left) && is_list(right)) || (is_tuple(left) && is_tuple(right));
  if (!are_sequences || depth > order_depth_max) return no_order(op, left, right);
  const std::vector<Value>&a = left.sequence()->items, &b = right.sequence()->items;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    QUIRE_TRY(const bool are_equal, equals(render, a[i], b[i]));
    if (!are_equal) return order(render, op, a[i], b[i], depth + 1);
  }
  return a.size() <=> b.size();
}

std::unexpected<Error> no_operator(std::string_view op, const Value& left, const Value& right) {
  return template_error(
      fmt::format("unsupported operand type(s) for {}: '{}' and '{}'", op, type_name(left), type_name(right)));
}

std::string_view symbol_of(BinaryOp op) {
  static constexpr std::string_view symbols[] = {"+", "-", "*", "/", "//", "%", "**"};
  return symbols[static_cast<size_t>(op)];
}

// Nothing is escaped unless a template asks for it: with |safe or |e for one part, and + for the other.
Result<Value> join_markup(Render& render, const MarkedText& left, const MarkedText& right) {
  const MarkedText empty;
  QUIRE_TRY(const MarkedText escaped_left, escaped(render, left.is_markup ? empty : left));
  QUIRE_TRY(const MarkedText escaped_right, escaped(render, right.is_markup ? empty : right));
  TextBuilder text;
  text.append(left.is_markup ? left : escaped_left);
  text.append(right.is_markup ? right : escaped_right);
  QUIRE_TRY_VOID(render.reserve_text(text.size()));
  QUIRE_TRY_VOID(render.read(text.size()));
  MarkedText joined = text.take();
  joined.is_markup = true;
  return render.heap().text(std::move(joined));
}

Result<Value> concatenate(Render& render, const Value& left, const Value& right) {
  if (left.text() && right.text()) {
    if (left.text()->is_markup || right.text()->is_markup) return join_markup(render, *left.text(), *right.text());
    const size_t size = left.text()->bytes.size() + right.text()->bytes.size();
    QUIRE_TRY_VOID(render.reserve_text(size));
    QUIRE_TRY_VOID(render.read(size));
    TextBuilder text;
    text.append(*left.text());
    text.append(*right.text());
    return render.heap().text(text.take());
  }
  if ((is_list(left) && is_list(right)) || (is_tuple(left) && is_tuple(right))) {
    std::vector<Value> items = left.sequence()->items;
    const std::vector<Value>& more = right.sequence()->items;
    QUIRE_TRY_VOID(render.step((items.size() + more.size()) / 16));
    QUIRE_TRY_VOID(render.reserve((items.size() + more.size()) * Heap::value_bytes));
    items.insert(items.end(), more.begin(), more.end());
    return render.heap().sequence(left.sequence()->type, std::move(items));
  }
  if (left.text()) {
    return template_error(fmt::format("can only concatenate str (not \"{}\") to str", type_name(right)));
  }
  return no_operator("+", left, right);
}

Result<Value> repeat(Render& render, const Value& subject, Int count) {
  count = std::max<Int>(count, 0);
  if (const MarkedText* text = subject.text()) {
    if (text->bytes.empty()) return subject;
    if (count > static_cast<Int>(render.limits().output_bytes_max))
      count = static_cast<Int>(render.limits().output_bytes_max) + 1;
    QUIRE_TRY_VOID(render.reserve_text(text->bytes.size() * static_cast<size_t>(count)));
    QUIRE_TRY_VOID(render.reserve(text->user.size() * sizeof(TextSpan) * static_cast<size_t>(count)));
    QUIRE_TRY_VOID(render.step(static_cast<size_t>(count)));
    TextBuilder repeated;
    for (Int i = 0; i < count; ++i) repeated.append(*text);
    return render.heap().text(repeated.take());
  }
  const std::vector<Value>& items = subject.sequence()->items;
  if (!items.empty() && count > static_cast<Int>(render.limits().memory_bytes_max)) {
    return limit_error("the template makes a list that is too long");
  }
  const size_t total = items.empty() ? 0 : items.size() * static_cast<size_t>(count);
  QUIRE_TRY_VOID(render.reserve(total * Heap::value_bytes));
  QUIRE_TRY_VOID(render.step(total / 16));
  std::vector<Value> repeated;
  repeated.reserve(total);
  while (repeated.size() < total) repeated.insert(repeated.end(), items.begin(), items.end());
  return render.heap().sequence(subject.sequence()->type, std::move(repeated));
}

// The items of a slice, as positions; Python's rules for negative and missing parts.
struct SlicePositions {
  Int begin = 0;
  Int step = 1;
  size_t count = 0;
};

Result<std::optional<Int>> slice_part(const Value* part) {
  Int number = 0;
  if (!part || part->is_none()) return std::nullopt;
  if (!as_int(*part, number)) return template_error("slice indices must be integers or None");
  return number;
}

Result<SlicePositions> slice_positions(size_t size, const Value* start_part, const Value* stop_part,
                                       const Value* step_part) {
  QUIRE_TRY(const auto start, slice_part(start_part));
  QUIRE_TRY(const auto stop, slice_part(stop_part));
  QUIRE_TRY(const auto step_given, slice_part(step_part));
  // Longer steps than the longest text take one item, as this one does.
  const Int step = std::clamp<Int>(step_given.value_or(1), -(Int{1} << 62), Int{1} << 62);
  if (step == 0) return template_error("slice step cannot be zero");
  const auto length = static_cast<Int>(size);
  const Int lowest = step > 0 ? 0 : -1, highest = step > 0 ? length : length - 1;
  const auto place = [&](const std::optional<Int>& index, Int missing) {
    if (!index) return missing;
    return std::clamp(*index < 0 ? *index + length : *index, lowest, highest);
  };
  const Int begin = place(start, step > 0 ? 0 : length - 1);
  const Int end = place(stop, step > 0 ? length : -1);
  SlicePositions positions{.begin = begin, .step = step};
  if (step > 0 && begin < end) positions.count = static_cast<size_t>((end - begin - 1) / step + 1);
  if (step < 0 && begin > end) positions.count = static_cast<size_t>((begin - end - 1) / -step + 1);
  return positions;
}

Result<Value> slice_text(Render& render, const Str& str, const Value* start, const Value* stop, const Value* step) {
  const std::string& bytes = str->bytes;
  QUIRE_TRY_VOID(render.read(bytes.size()));
  QUIRE_TRY(const SlicePositions positions, slice_positions(count_code_points(bytes), start, stop, step));
  if (positions.count == 0) return render.heap().text("");
  if (positions.step == 1) {
    const size_t begin = byte_of_code_point(bytes, static_cast<size_t>(positions.begin));
    const size_t size = byte_of_code_point(std::string_view(bytes).substr(begin), positions.count);
    return render.heap().text(str, begin, begin + size);
  }
  QUIRE_TRY_VOID(render.reserve(bytes.size() * sizeof(size_t)));
  std::vector<size_t> starts;
  for (size_t at = 0; at < bytes.size(); at += code_point_at(bytes, at).size_bytes) starts.push_back(at);
  starts.push_back(bytes.size());
  TextBuilder text;
  Int at = positions.begin;
  for (size_t i = 0; i < positions.count; ++i, at += positions.step) {
    text.append(*str, starts[static_cast<size_t>(at)], starts[static_cast<size_t>(at) + 1]);
  }
  return render.heap().text(text.take());
}

}  // namespace

bool is_true(const Value& value) {
  if (const bool* flag = value.as<bool>()) return *flag;
  if (const Int* number = value.as<Int>()) return *number != 0;
  if (const double* number = value.as<double>()) return *number != 0;
  if (value.is_undefined() || value.is_none()) return false;
  const std::optional<size_t> size = length(value);
  return !size || *size > 0;
}

std::optional<size_t> length(const Value& value) {
  if (value.is_undefined()) return 0;
  if (const MarkedText* text = value.text()) return count_code_points(text->bytes);
  if (const Dict* dict = value.dict()) return dict->items.size();
  const Sequence* sequence = value.sequence();
  if (sequence && sequence->type != SequenceType::generator) return sequence->items.size();
  return std::nullopt;
}

Result<Value> binary(Render& render, BinaryOp op, const Value& left, const Value& right) {
  if (op == BinaryOp::modulo && left.text()) return printf_format(render, *left.as<Str>(), right);
  Int left_int = 0, right_int = 0;
  if (op == BinaryOp::multiply) {
    if ((left.text() || is_list(left) || is_tuple(left)) && as_int(right, right_int))
      return repeat(render, left, right_int);
    if ((right.text() || is_list(right) || is_tuple(right)) && as_int(left, left_int))
      return repeat(render, right, left_int);
  }
  if (as_int(left, left_int) && as_int(right, right_int)) return int_arithmetic(op, left_int, right_int);
  double left_real = 0, right_real = 0;
  if (as_double(left, left_real) && as_double(right, right_real)) return real_arithmetic(op, left_real, right_real);
  if (op == BinaryOp::add) return concatenate(render, left, right);
  return no_operator(symbol_of(op), left, right);
}

Result<Value> unary(UnaryOp op, const Value& operand) {
  Int number = 0;
  if (as_int(operand, number)) return op == UnaryOp::plus ? Value(number) : Value(static_cast<Int>(-number));
  if (const double* real = operand.as<double>()) return Value(op == UnaryOp::plus ? *real : -*real);
  return template_error(
      fmt::format("bad operand type for unary {}: '{}'", op == UnaryOp::plus ? '+' : '-', type_name(operand)));
}

Result<bool> compare(Render& render, CompareOp op, const Value& left, const Value& right) {
  static constexpr std::string_view symbols[] = {"==", "!=", "<", "<=", ">", ">=", "in", "not in"};
  switch (op) {
    case CompareOp::equal:
    case CompareOp::not_equal: {
      QUIRE_TRY(const bool are_equal, equals(render, left, right));
      return are_equal == (op == CompareOp::equal);
    }
    case CompareOp::in:
    case CompareOp::not_in: {
      QUIRE_TRY(const bool found, contains(render, right, left));
      return found == (op == CompareOp::in);
    }
    default:
      break;
  }
  QUIRE_TRY(const std::partial_ordering found, order(render, symbols[static_cast<size_t>(op)], left, right));
  if (op == CompareOp::less) return found < 0;
  if (op == CompareOp::less_equal) return found <= 0;
  return op == CompareOp::greater ? found > 0 : found >= 0;
}

Result<bool> equals(Render& render, const Value& left, const Value& right) {
  size_t cost = 0;
  const bool are_equal = equal(left, right, &cost);
  QUIRE_TRY_VOID(render.step(cost));
  return are_equal;
}

Result<Value*> find_key(Render& render, Dict& dict, const Value& key) {
  const MarkedText* text = key.text();
  QUIRE_TRY_VOID(render.step(dict.items.size() * (1 + (text ? text->bytes.size() / 64 : 8)) / 16));
  return dict.find(key);
}

Result<bool> less(Render& render, const Value& left, const Value& right) {
  return compare(render, CompareOp::less, left, right);
}

Result<bool> contains(Render& render, const Value& container, const Value& item) {
  if (const MarkedText* text = container.text()) {
    if (!item.text()) {
      return template_error(fmt::format("'in <string>' requires string as left operand, not {}", type_name(item)));
    }
    QUIRE_TRY_VOID(render.read(text->bytes.size()));
    return text->bytes.find(item.text()->bytes) != std::string::npos;
  }
  if (Dict* dict = container.dict()) {
    if (!is_hashable(item)) return template_error(fmt::format("unhashable type: '{}'", type_name(item)));
    QUIRE_TRY(const Value* found, find_key(render, *dict, item));
    return found != nullptr;
  }
  if (!Cursor::is_iterable(container)) {
    return template_error(fmt::format("argument of type '{}' is not iterable", type_name(container)));
  }
  Cursor cursor(container);
  while (const std::optional<Value> candidate = cursor.next(render.heap())) {
    QUIRE_TRY_VOID(render.step());
    QUIRE_TRY(const bool found, equals(render, *candidate, item));
    if (found) return true;
  }
  return false;
}

Result<Value> slice(Render& render, const Value& object, const Value* start, const Value* stop, const Value* step) {
  if (object.text()) return slice_text(render, *object.as<Str>(), start, stop, step);
  const Sequence* sequence = object.sequence();
  const bool is_sliced = sequence && (is_list(object) || is_tuple(object) || sequence->type == SequenceType::range);
  if (!is_sliced) return render.undefined(fmt::format("'{} object' cannot be sliced", type_name(object)));
  QUIRE_TRY(const SlicePositions positions, slice_positions(sequence->items.size(), start, stop, step));
  QUIRE_TRY_VOID(render.step(positions.count / 16));
  QUIRE_TRY_VOID(render.reserve(positions.count * Heap::value_bytes));
  std::vector<Value> items;
  items.reserve(positions.count);
  Int at = positions.begin;
  for (size_t i = 0; i < positions.count; ++i, at += positions.step) {
    items.push_back(sequence->items[static_cast<size_t>(at)]);
  }
  return render.heap().sequence(is_tuple(object) ? SequenceType::tuple : SequenceType::list, std::move(items));
}

}  // namespace quire::jinja
