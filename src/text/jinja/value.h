// What a template computes with: Python's values as far as Jinja shows them.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "text/marked_text.h"

namespace quire::jinja {

// Wide enough for every integer that JSON can carry exactly; a result that does not fit is an error.
__extension__ typedef __int128 Int;
__extension__ typedef unsigned __int128 UnsignedInt;

struct None {};

// A name or attribute that is not there: prints as nothing, and any other use is an error that says `why`.
struct Undefined {
  std::shared_ptr<const std::string> why;
};

struct Sequence;
struct Dict;
struct Namespace;
struct Callable;
struct Loop;

// A scalar, a text, or a reference to an object that the Heap of the render owns.
class Value {
 public:
  using Storage = std::variant<Undefined, None, bool, Int, double, Str, Sequence*, Dict*, Namespace*, Callable*, Loop*>;

  Value() = default;
  template <typename T>
    requires(std::same_as<T, Undefined> || std::same_as<T, None> || std::same_as<T, bool> || std::same_as<T, Int> ||
             std::same_as<T, double> || std::same_as<T, Str> || std::same_as<T, Sequence*> || std::same_as<T, Dict*> ||
             std::same_as<T, Namespace*> || std::same_as<T, Callable*> || std::same_as<T, Loop*>)
  explicit Value(T value) : storage_(std::in_place_type<T>, std::move(value)) {}

  // The value as a T, or null when it is something else.
  template <typename T>
  const T* as() const {
    return std::get_if<T>(&storage_);
  }
  template <typename T>
  bool is() const {
    return std::holds_alternative<T>(storage_);
  }
  // The object, or null.
  Sequence* sequence() const { return object<Sequence>(); }
  Dict* dict() const { return object<Dict>(); }
  Namespace* name_space() const { return object<Namespace>(); }
  Callable* callable() const { return object<Callable>(); }
  Loop* loop() const { return object<Loop>(); }
  // The text, or null.
  const MarkedText* text() const {
    const Str* str = as<Str>();
    return str ? str->get() : nullptr;
  }
  bool is_undefined() const { return is<Undefined>(); }
  bool is_none() const { return is<None>(); }

 private:
  template <typename T>
  T* object() const {
    T* const* found = as<T*>();
    return found ? *found : nullptr;
  }

  Storage storage_;
};

inline Value integer(int64_t value) { return Value(static_cast<Int>(value)); }
inline Value integer(size_t value) { return Value(static_cast<Int>(value)); }

// What the heap owns. Objects live until the heap does, so that cycles made by a template cannot leak or recurse.
struct Object {
  Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object() = default;
};

enum class SequenceType : unsigned char { list, tuple, range, generator, dict_keys, dict_values, dict_items };

struct Sequence final : Object {
  SequenceType type = SequenceType::list;
  std::vector<Value> items;
  size_t consumed = 0;                // generators only: how many items have been taken for ever
  Int start = 0, stop = 0, step = 1;  // ranges only: what range() was called with
  bool is_group = false;              // tuples that groupby made: `grouper` and `list` name the two items
};

// Keys in the order of their first insertion, as in Python.
struct Dict final : Object {
  std::vector<std::pair<Value, Value>> items;

  Value* find(const Value& key);
  Value* find(std::string_view key);
  // Replaces the value of an equal key, else adds the pair at the end.
  void set(Value key, Value value);
  bool erase(const Value& key);
};

struct Namespace final : Object {
  Dict attributes;
};

// The name Python gives a value's type, e.g. "str".
std::string_view type_name(const Value& value);

// Python's ==; false for operands that are nested too deeply or have too many items. `cost` is what was looked at:
// a step for every item and every 64 bytes.
bool equal(const Value& a, const Value& b, size_t* cost = nullptr);
// True for values that may be keys of a dict: scalars, texts and tuples of those.
bool is_hashable(const Value& value);

// The number, as Python's arithmetic would see it (booleans are 0 and 1), or false.
bool as_int(const Value& value, Int& out);
bool as_double(const Value& value, double& out);

}  // namespace quire::jinja
