#include "text/constraint/schema/shapes.h"

#include <algorithm>
#include <set>

#include "text/constraint/schema/scalars.h"

namespace quire::constraint {
namespace {

using Kind = SchemaJson::Kind;

template <typename T>
void add_each(std::vector<T>& to, const std::vector<T>& from) {
  for (const T& value : from) {
    if (std::ranges::find(to, value) == to.end()) to.push_back(value);
  }
}

bool have_common(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::any_of(a, [&](const std::string& name) { return std::ranges::find(b, name) != b.end(); });
}

// Both shapes at once; false where nothing has both. Each alone has no name that is required and forbidden.
bool merge(ObjectShape& to, const ObjectShape& from) {
  if (have_common(to.required, from.forbidden) || have_common(from.required, to.forbidden)) return false;
  add_each(to.layers, from.layers);
  add_each(to.members, from.members);
  add_each(to.required, from.required);
  add_each(to.forbidden, from.forbidden);
  add_each(to.names, from.names);
  add_each(to.exists, from.exists);
  if (from.min > to.min) to.min = from.min, to.counts = from.counts;
  to.max = std::min(to.max, from.max);
  return to.min <= to.max && to.required.size() <= to.max;
}

bool merge(ArrayShape& to, const ArrayShape& from) {
  add_each(to.layers, from.layers);
  add_each(to.items, from.items);
  add_each(to.contains, from.contains);
  add_each(to.unique, from.unique);
  to.min = std::max(to.min, from.min);
  to.max = std::min(to.max, from.max);
  return to.min <= to.max;
}

// What merging them takes: lists are compared with each other.
constexpr size_t parts_a_step = 64;
size_t part_count(const ObjectShape& shape) {
  return shape.layers.size() + shape.members.size() + shape.required.size() + shape.forbidden.size() +
         shape.names.size() + shape.exists.size();
}
size_t part_count(const ArrayShape& shape) {
  return shape.layers.size() + shape.items.size() + shape.contains.size() + shape.unique.size();
}
template <typename Shape>
size_t cost(const Shape& a, const Shape& b) {
  return 1 + part_count(a) * part_count(b) / parts_a_step;
}

// A schema that every value keeps to, by its looks.
bool is_true(const SchemaJson& json, Place schema) {
  const SchemaJson::Node& node = json.node(schema);
  return node.kind == Kind::boolean ? node.truth : node.kind == Kind::object && node.keys.empty();
}

}  // namespace

template <typename Shape>
Result<std::vector<Shape>> ShapeAlgebra<Shape>::both(const Value& a, const Value& b) const {
  if (is_all(a)) return b;
  if (is_all(b)) return a;
  Value out;
  for (const Shape& first : a) {
    for (const Shape& second : b) {
      QUIRE_TRY_VOID(steps_.spend(cost(first, second)));
      Shape shape = first;
      if (merge(shape, second) && std::ranges::find(out, shape) == out.end()) out.push_back(std::move(shape));
      if (out.size() > shapes_max) {
        return fail(ErrorKind::too_large, fmt::format("schema: over {} shapes of one value", shapes_max));
      }
    }
  }
  return out;
}

template <typename Shape>
Result<std::vector<Shape>> ShapeAlgebra<Shape>::either(const Value& a, const Value& b) const {
  Value out = a;
  add_each(out, b);
  if (std::ranges::find(out, Shape{}) != out.end()) return all();
  QUIRE_TRY_VOID(steps_.spend(out.size()));
  if (out.size() > shapes_max) {
    return fail(ErrorKind::too_large, fmt::format("schema: over {} shapes of one value", shapes_max));
  }
  return out;
}

template <typename Shape>
Result<bool> ShapeAlgebra<Shape>::disjoint(const Value& a, const Value& b) const {
  for (const Shape& first : a) {
    for (const Shape& second : b) {
      QUIRE_TRY_VOID(steps_.spend(cost(first, second)));
      Shape shape = first;
      if (merge(shape, second) && !judge_.surely_empty(shape)) return false;
    }
  }
  return true;
}

template <typename Shape>
Result<std::vector<Shape>> ShapeAlgebra<Shape>::listed(Place schema, Place values, bool negative,
                                                       FunctionRef<Result<Value>(Place)> constant) const {
  if (!json().is(values, Kind::array)) return document_.invalid(schema, "enum", "it is a list of values");
  Value out = negative ? all() : none();
  for (const Place item : json().node(values).items) {
    QUIRE_TRY(const Value one, constant(item));
    QUIRE_TRY(out, negative ? both(out, one) : either(out, one));
  }
  return out;
}

template class ShapeAlgebra<ObjectShape>;
template class ShapeAlgebra<ArrayShape>;

ObjectAlgebra::Value ObjectAlgebra::has_member(const std::string& name, bool has) const {
  if (has) return {ObjectShape{.required = {name}}};
  return {ObjectShape{.forbidden = {name}}};
}

Result<ObjectAlgebra::Value> ObjectAlgebra::constant(Place value, bool negative) const {
  const SchemaJson::Node& node = json().node(value);
  if (node.kind != Kind::object) return negative ? all() : none();
  if (!negative) {
    return Value{ObjectShape{.layers = {{.kind = Layer::Kind::constant, .place = value}}, .required = node.keys}};
  }
  Value out;
  for (size_t i = 0; i < node.keys.size(); ++i) {
    const Literal other{.place = node.items[i], .constant = true, .negative = true};
    out.push_back({.members = {{node.keys[i], other}}, .required = {node.keys[i]}});
    out.push_back({.forbidden = {node.keys[i]}});
  }
  out.push_back({.required = node.keys, .min = node.keys.size() + 1});
  return out;
}

Result<ObjectAlgebra::Value> ObjectAlgebra::assertion(Place schema, const std::string& keyword, Place value,
                                                      bool negative) const {
  const SchemaJson& all_json = json();
  if (keyword == "type") return admits(all_json, schema, "object") != negative ? all() : none();
  if (keyword == "const") return constant(value, negative);
  if (keyword == "enum") {
    return listed(schema, value, negative, [&](Place item) { return constant(item, negative); });
  }
  if (!admits(all_json, schema, "object")) return unaffected(negative);
  if (keyword == "properties" || keyword == "patternProperties" || keyword == "additionalProperties") {
    return members(schema, keyword, value, negative);
  }
  if (keyword == "required" && !all_json.is(value, Kind::boolean)) return has_members(schema, keyword, value, negative);
  if (keyword == "required") {
    return document_.unsupported(schema, keyword, "a list of names is meant; true and false are those of draft 3");
  }
  if (keyword == "minProperties" || keyword == "maxProperties") return counted(schema, keyword, value, negative);
  if (keyword == "dependentRequired") return dependent_required(schema, keyword, value, negative);
  if (keyword == "propertyNames") {
    if (!negative) return Value{ObjectShape{.names = {value}}};
    return Value{
        ObjectShape{.exists = {{.where = ObjectShape::Exists::Where::name, .schema = schema, .value = value}}}};
  }
  if (keyword == "unevaluatedProperties") {
    if (negative) return document_.unsupported(schema, keyword, "its opposite cannot be decided");
    return Value{ObjectShape{.layers = {{.kind = Layer::Kind::unevaluated, .place = schema}}}};
  }
  return unaffected(negative);
}

Result<ObjectAlgebra::Value> ObjectAlgebra::members(Place schema, const std::string& keyword, Place value,
                                                    bool negative) const {
  using Where = ObjectShape::Exists::Where;
  const SchemaJson::Node& node = json().node(value);
  const bool additional = keyword == "additionalProperties";
  if (additional ? node.kind != Kind::object && node.kind != Kind::boolean : node.kind != Kind::object) {
    return document_.invalid(schema, keyword, "it is no object");
  }
  if (!negative) return Value{ObjectShape{.layers = {{.place = schema}}}};
  if (additional) {
    if (is_true(json(), value)) return none();
    return Value{ObjectShape{.exists = {{.where = Where::additional, .schema = schema, .value = value}}}};
  }
  Value out;
  for (size_t i = 0; i < node.keys.size(); ++i) {
    const Place item = node.items[i];
    if (is_true(json(), item)) continue;
    if (keyword == "patternProperties") {
      out.push_back({.exists = {{.where = Where::pattern, .schema = schema, .value = item}}});
    } else {
      out.push_back({.members = {{node.keys[i], {.place = item, .negative = true}}}, .required = {node.keys[i]}});
    }
  }
  return out;
}

Result<ObjectAlgebra::Value> ObjectAlgebra::has_members(Place schema, const std::string& keyword, Place names,
                                                        bool negative) const {
  const SchemaJson::Node& node = json().node(names);
  ObjectShape with;
  Value without;
  std::set<std::string, std::less<>> known;
  for (const Place item : node.items) {
    if (node.kind != Kind::array || !json().is(item, Kind::string)) break;
    const std::string& name = json().node(item).text;
    if (!known.insert(name).second) continue;
    with.required.push_back(name);
    without.push_back({.forbidden = {name}});
  }
  if (node.kind != Kind::array ||
      !std::ranges::all_of(node.items, [&](Place p) { return json().is(p, Kind::string); })) {
    return document_.invalid(schema, keyword, "it is a list of names");
  }
  if (negative) return without;
  return Value{std::move(with)};
}

Result<ObjectAlgebra::Value> ObjectAlgebra::counted(Place schema, const std::string& keyword, Place value,
                                                    bool negative) const {
  QUIRE_TRY(const uint64_t count, count_of(document_, schema, keyword, value));
  const bool lower = keyword == "minProperties";
  if (lower && !negative) return Value{ObjectShape{.min = count, .counts = schema}};
  if (!lower && !negative) return Value{ObjectShape{.max = count}};
  if (lower) return count == 0 ? none() : Value{ObjectShape{.max = count - 1}};
  return Value{ObjectShape{.min = count + 1, .counts = schema}};
}

Result<ObjectAlgebra::Value> ObjectAlgebra::dependent_required(Place schema, const std::string& keyword, Place value,
                                                               bool negative) const {
  if (!json().is(value, Kind::object)) return document_.invalid(schema, keyword, "it is no object");
  const SchemaJson::Node& node = json().node(value);
  Value out = unaffected(negative);
  for (size_t i = 0; i < node.keys.size(); ++i) {
    QUIRE_TRY(Value then, has_members(schema, keyword, node.items[i], negative));
    QUIRE_TRY(then, both(has_member(node.keys[i], true), then));
    if (!negative) {
      QUIRE_TRY(then, either(has_member(node.keys[i], false), then));
    }
    QUIRE_TRY(out, negative ? either(out, then) : both(out, then));
  }
  return out;
}

}  // namespace quire::constraint
