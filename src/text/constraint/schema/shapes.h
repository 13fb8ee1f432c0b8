// What a schema says of objects and arrays: lists of shapes, of which a value has one or more. A shape is a conjunction
// whose parts about members and items refer to schemas by their places, so that nothing is followed into what is
// inside.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "text/constraint/schema/document.h"
#include "text/constraint/schema/expansion.h"

namespace quire::constraint {

// A schema whose keywords about members (or items) hold together, since "additionalProperties" depends on the others.
struct Layer {
  enum class Kind : uint8_t { keywords, constant, unevaluated };
  Kind kind = Kind::keywords;
  Place place = 0;  // of the schema; constant: of the value that is meant
  auto operator<=>(const Layer&) const = default;
};

struct ObjectShape {
  // There is a member whose name the layer's schema does not list, or matches a pattern of it, or is any, and whose
  // value does not keep to `value` (or its name, where that is any).
  struct Exists {
    enum class Where : uint8_t { additional, pattern, name };
    Where where = Where::additional;
    Place schema = 0, value = 0;
    auto operator<=>(const Exists&) const = default;
  };
  std::vector<Layer> layers = {};
  std::vector<std::pair<std::string, Literal>> members = {};  // where it is there, this holds
  std::vector<std::string> required = {}, forbidden = {};
  std::vector<Place> names = {};  // schemas of names
  std::vector<Exists> exists = {};
  uint64_t min = 0, max = UINT64_MAX;  // members
  Place counts = 0;                    // the schema that has `min`
  bool operator==(const ObjectShape&) const = default;
};

struct ArrayShape {
  // So many of the items from one on.
  struct Contains {
    Literal literal = {};
    uint64_t min = 1, max = UINT64_MAX, from = 0;
    Place schema = 0;
    auto operator<=>(const Contains&) const = default;
  };
  std::vector<Layer> layers = {};
  std::vector<std::pair<uint64_t, Literal>> items = {};  // where it is there, this holds
  std::vector<Contains> contains = {};
  std::vector<Place> unique = {};  // schemas that want items to be unlike each other
  uint64_t min = 0, max = UINT64_MAX;
  bool operator==(const ArrayShape&) const = default;
};

// Whether nothing at all can have a shape, as far as a look at a few levels tells.
class Judge {
 public:
  virtual ~Judge() = default;
  virtual bool surely_empty(const ObjectShape& shape) = 0;
  virtual bool surely_empty(const ArrayShape& shape) = 0;
};

// What both algebras have in common. One thread; for one document.
template <typename Shape>
class ShapeAlgebra {
 public:
  using Value = std::vector<Shape>;  // no two alike
  static constexpr size_t shapes_max = 512;
  ShapeAlgebra(const SchemaDocument& document, Steps& steps, Judge& judge)
      : document_(document), steps_(steps), judge_(judge) {}

  Value all() const { return {Shape{}}; }
  Value none() const { return {}; }
  bool is_none(const Value& value) const { return value.empty(); }
  bool is_all(const Value& value) const { return value.size() == 1 && value[0] == Shape{}; }
  Result<Value> both(const Value& a, const Value& b) const;
  Result<Value> either(const Value& a, const Value& b) const;
  Result<bool> disjoint(const Value& a, const Value& b) const;

 protected:
  Value unaffected(bool negative) const { return negative ? none() : all(); }
  // What `constant` makes of one of the values of an "enum", for any of them, or (negative) none.
  Result<Value> listed(Place schema, Place values, bool negative, FunctionRef<Result<Value>(Place)> constant) const;
  const SchemaJson& json() const { return document_.json(); }

  const SchemaDocument& document_;
  Steps& steps_;
  Judge& judge_;
};

class ObjectAlgebra : public ShapeAlgebra<ObjectShape> {
 public:
  using ShapeAlgebra::ShapeAlgebra;
  Result<Value> constant(Place value, bool negative) const;
  Result<Value> assertion(Place schema, const std::string& keyword, Place value, bool negative) const;
  Value has_member(const std::string& name, bool has) const;
  // All these members, or (negative) not all of them.
  Result<Value> has_members(Place schema, const std::string& keyword, Place names, bool negative) const;

 private:
  Result<Value> members(Place schema, const std::string& keyword, Place value, bool negative) const;
  Result<Value> counted(Place schema, const std::string& keyword, Place value, bool negative) const;
  Result<Value> dependent_required(Place schema, const std::string& keyword, Place value, bool negative) const;
};

class ArrayAlgebra : public ShapeAlgebra<ArrayShape> {
 public:
  using ShapeAlgebra::ShapeAlgebra;
  Result<Value> constant(Place value, bool negative) const;
  Result<Value> assertion(Place schema, const std::string& keyword, Place value, bool negative) const;

 private:
  Result<Value> items(Place schema, const std::string& keyword, Place value, bool negative) const;
  Result<Value> contained(Place schema, Place value, bool negative) const;
};

// The list of schemas for the first items, as "prefixItems" or a list of "items" has it; none: place of no list.
std::optional<Place> prefix_of(const SchemaJson& json, Place schema);
// The schema of the items after them.
std::optional<Place> rest_of(const SchemaJson& json, Place schema);

}  // namespace quire::constraint
