#include <algorithm>

#include "text/constraint/schema/scalars.h"
#include "text/constraint/schema/shapes.h"

namespace quire::constraint {
namespace {

using Kind = SchemaJson::Kind;

}  // namespace

std::optional<Place> prefix_of(const SchemaJson& json, Place schema) {
  for (const char* keyword : {"prefixItems", "items"}) {
    const std::optional<Place> list = json.find(schema, keyword);
    if (list && json.is(*list, Kind::array)) return list;
  }
  return std::nullopt;
}

std::optional<Place> rest_of(const SchemaJson& json, Place schema) {
  const std::optional<Place> items = json.find(schema, "items");
  if (items && !json.is(*items, Kind::array)) return items;
  if (items) return json.find(schema, "additionalItems");
  return std::nullopt;
}

Result<ArrayAlgebra::Value> ArrayAlgebra::constant(Place value, bool negative) const {
  const SchemaJson::Node& node = json().node(value);
  if (node.kind != Kind::array) return negative ? all() : none();
  const uint64_t size = node.items.size();
  if (!negative) {
    return Value{ArrayShape{.layers = {{.kind = Layer::Kind::constant, .place = value}}, .min = size, .max = size}};
  }
  Value out;
  for (uint64_t i = 0; i < size; ++i) {
    out.push_back({.items = {{i, {.place = node.items[i], .constant = true, .negative = true}}}, .min = i + 1});
  }
  if (size > 0) out.push_back({.max = size - 1});
  out.push_back({.min = size + 1});
  return out;
}

Result<ArrayAlgebra::Value> ArrayAlgebra::assertion(Place schema, const std::string& keyword, Place value,
                                                    bool negative) const {
  if (keyword == "type") return admits(json(), schema, "array") != negative ? all() : none();
  if (keyword == "const") return constant(value, negative);
  if (keyword == "enum") {
    return listed(schema, value, negative, [&](Place item) { return constant(item, negative); });
  }
  if (!admits(json(), schema, "array")) return unaffected(negative);
  if (keyword == "prefixItems" || keyword == "items" || keyword == "additionalItems") {
    return items(schema, keyword, value, negative);
  }
  if (keyword == "minItems" || keyword == "maxItems") {
    QUIRE_TRY(const uint64_t count, count_of(document_, schema, keyword, value));
    const bool lower = keyword == "minItems";
    if (lower && negative && count == 0) return none();
    if (lower != negative) return Value{ArrayShape{.min = negative ? count + 1 : count}};
    return Value{ArrayShape{.max = negative ? count - 1 : count}};
  }
  if (keyword == "contains") return contained(schema, value, negative);
  if (keyword == "uniqueItems") {
    if (!json().is(value, Kind::boolean)) return document_.invalid(schema, keyword, "it is true or false");
    if (!json().node(value).truth) return unaffected(negative);
    if (negative) return document_.unsupported(schema, keyword, "its opposite cannot be decided while writing");
    return Value{ArrayShape{.unique = {schema}}};
  }
  if (keyword == "unevaluatedItems") {
    if (negative) return document_.unsupported(schema, keyword, "its opposite cannot be decided");
    return Value{ArrayShape{.layers = {{.kind = Layer::Kind::unevaluated, .place = schema}}}};
  }
  return unaffected(negative);
}

Result<ArrayAlgebra::Value> ArrayAlgebra::items(Place schema, const std::string& keyword, Place value,
                                                bool negative) const {
  const bool list = json().is(value, Kind::array);
  if (list ? keyword == "additionalItems" : keyword == "prefixItems") {
    return document_.invalid(schema, keyword, list ? "it is a schema" : "it is a list of schemas");
  }
  const std::optional<Place> prefix = prefix_of(json(), schema);
  if (!list && rest_of(json(), schema) != value) return unaffected(negative);  // "additionalItems" without a list
  if (!negative) return Value{ArrayShape{.layers = {{.place = schema}}}};
  if (!list) {
    const uint64_t from = prefix ? json().node(*prefix).items.size() : 0;
    return Value{
        ArrayShape{.contains = {{.literal = {.place = value, .negative = true}, .from = from, .schema = schema}},
                   .min = from + 1}};
  }
  Value out;
  if (prefix != value) return out;  // a list of "items" beside "prefixItems" says nothing
  const std::vector<Place>& schemas = json().node(value).items;
  for (uint64_t i = 0; i < schemas.size(); ++i) {
    out.push_back({.items = {{i, {.place = schemas[i], .negative = true}}}, .min = i + 1});
  }
  return out;
}

Result<ArrayAlgebra::Value> ArrayAlgebra::contained(Place schema, Place value, bool negative) const {
  uint64_t min = 1, max = UINT64_MAX;
  if (const std::optional<Place> least = json().find(schema, "minContains")) {
    QUIRE_TRY(min, count_of(document_, schema, "minContains", *least));
  }
  if (const std::optional<Place> most = json().find(schema, "maxContains")) {
    QUIRE_TRY(max, count_of(document_, schema, "maxContains", *most));
  }
  const Literal literal{.place = value};
  Value out;
  const auto add = [&](uint64_t least, uint64_t most) {
    ArrayShape shape{.contains = {{.literal = literal, .min = least, .max = most, .schema = schema}}, .min = least};
    if (least == 0 && most == UINT64_MAX) shape = {};
    if (least <= most) out.push_back(std::move(shape));
  };
  if (!negative) add(min, max);
  if (negative && min > 0) add(0, min - 1);
  if (negative && max < UINT64_MAX) add(max + 1, UINT64_MAX);
  return out;
}

}  // namespace quire::constraint
