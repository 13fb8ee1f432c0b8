#include "text/jinja/value.h"

#include <cmath>

#include "text/jinja/callable.h"
#include "text/jinja/heap.h"

namespace quire::jinja {

Value Heap::text(const Str& str, size_t begin, size_t end) {
  if (begin == 0 && end == str->bytes.size()) return Value(str);
  return text(slice(*str, begin, end));
}

Value Heap::sequence(SequenceType type, std::vector<Value> items) {
  auto* made = make<Sequence>();
  charge(items.capacity() * value_bytes);
  made->type = type;
  made->items = std::move(items);
  return Value(made);
}

Dict* Heap::dict() { return make<Dict>(); }

Value* Dict::find(const Value& key) {
  if (const MarkedText* text = key.text()) return find(text->bytes);
  for (auto& [candidate, value] : items) {
    if (equal(candidate, key)) return &value;
  }
  return nullptr;
}

Value* Dict::find(std::string_view key) {
  for (auto& [candidate, value] : items) {
    const MarkedText* text = candidate.text();
    if (text && text->bytes == key) return &value;
  }
  return nullptr;
}

void Dict::set(Value key, Value value) {
  if (Value* found = find(key)) {
    *found = std::move(value);
  } else {
    items.emplace_back(std::move(key), std::move(value));
  }
}

bool Dict::erase(const Value& key) {
  for (auto item = items.begin(); item != items.end(); ++item) {
    if (equal(item->first, key)) {
      items.erase(item);
      return true;
    }
  }
  return false;
}

namespace {

// Deeper values than this are made by hostile templates only (JSON is bounded when it is converted).
constexpr int equal_depth_max = 100;
// Elements that one comparison may look at: a template can make a value of few objects that has many paths.
constexpr size_t equal_visits_max = 1'000'000;

std::string_view sequence_type_name(SequenceType type) {
  switch (type) {
    case SequenceType::list:
      return "list";
    case SequenceType::tuple:
      return "tuple";
    case SequenceType::range:
      return "range";
    case SequenceType::generator:
      return "generator";
    case SequenceType::dict_keys:
      return "dict_keys";
    case SequenceType::dict_values:
      return "dict_values";
    case SequenceType::dict_items:
      return "dict_items";
  }
  return "list";
}

class Comparison {
 public:
  size_t cost() const { return visits_ + bytes_ / 64; }

  bool equal(const Value& a, const Value& b, int depth) {
    if (depth > equal_depth_max || ++visits_ > equal_visits_max) return false;
    if (const MarkedText* left = a.text()) {
      const MarkedText* right = b.text();
      if (!right || left->bytes.size() != right->bytes.size()) return false;
      bytes_ += left->bytes.size();
      return left->bytes == right->bytes;
    }
    Int left_int = 0, right_int = 0;
    if (as_int(a, left_int) && as_int(b, right_int)) return left_int == right_int;
    double left = 0, right = 0;
    if (as_double(a, left)) return as_double(b, right) && left == right;
    if (a.is_none() || a.is_undefined()) return a.is_none() == b.is_none() && a.is_undefined() == b.is_undefined();
    if (a.sequence()) return b.sequence() && equal_sequences(*a.sequence(), *b.sequence(), depth);
    if (a.dict()) return b.dict() && equal_dicts(*a.dict(), *b.dict(), depth);
    if (a.callable()) return a.callable() == b.callable();
    if (a.name_space()) return a.name_space() == b.name_space();
    return a.loop() && a.loop() == b.loop();
  }

 private:
  bool equal_sequences(const Sequence& a, const Sequence& b, int depth) {
    if (&a == &b) return true;
    if (a.type != b.type || a.type == SequenceType::generator || a.type == SequenceType::dict_values) return false;
    if (a.items.size() != b.items.size()) return false;
    for (size_t i = 0; i < a.items.size(); ++i) {
      if (!equal(a.items[i], b.items[i], depth + 1)) return false;
    }
    return true;
  }

  bool equal_dicts(Dict& a, Dict& b, int depth) {
    if (&a == &b) return true;
    if (a.items.size() != b.items.size()) return false;
    for (const auto& [key, value] : a.items) {
      const Value* other = b.find(key);
      if (!other || !equal(value, *other, depth + 1)) return false;
    }
    return true;
  }

  size_t visits_ = 0;
  size_t bytes_ = 0;
};

}  // namespace

std::string_view type_name(const Value& value) {
  if (value.is_undefined()) return "Undefined";
  if (value.is_none()) return "NoneType";
  if (value.is<bool>()) return "bool";
  if (value.is<Int>()) return "int";
  if (value.is<double>()) return "float";
  if (value.is<Str>()) return "str";
  if (value.sequence()) return sequence_type_name(value.sequence()->type);
  if (value.dict()) return "dict";
  if (value.name_space()) return "Namespace";
  if (value.callable()) return value.callable()->macro ? "Macro" : "function";
  return "LoopContext";
}

bool equal(const Value& a, const Value& b, size_t* cost) {
  Comparison comparison;
  const bool are_equal = comparison.equal(a, b, 0);
  if (cost) *cost = comparison.cost();
  return are_equal;
}

bool is_hashable(const Value& value) {
  const Sequence* sequence = value.sequence();
  if (value.dict() || value.name_space()) return false;
  if (!sequence) return true;
  if (sequence->type != SequenceType::tuple) return false;
  for (const Value& item : sequence->items) {
    // Tuples inside a key are looked at one level deep: enough for the keys that occur, and no recursion.
    if (item.dict() || (item.sequence() && item.sequence()->type != SequenceType::tuple)) return false;
  }
  return true;
}

bool as_int(const Value& value, Int& out) {
  if (const Int* number = value.as<Int>()) {
    out = *number;
    return true;
  }
  if (const bool* flag = value.as<bool>()) {
    out = *flag ? 1 : 0;
    return true;
  }
  return false;
}

bool as_double(const Value& value, double& out) {
  if (const double* number = value.as<double>()) {
    out = *number;
    return true;
  }
  Int number = 0;
  if (!as_int(value, number)) return false;
  out = static_cast<double>(number);
  return true;
}

}  // namespace quire::jinja
