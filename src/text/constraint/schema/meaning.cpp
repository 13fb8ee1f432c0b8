#include "text/constraint/schema/meaning.h"

#include <algorithm>
#include <utility>

namespace quire::constraint {
namespace {

using Kind = SchemaJson::Kind;

// Levels that a look for emptiness goes down.
constexpr size_t judging_max = 4;
// Rest of members by the patterns that their names match.
constexpr size_t classes_max = 64;
constexpr size_t plans_max = 64;

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

SchemaMeaning::SchemaMeaning(const SchemaDocument& document)
    : document_(document),
      scalar_algebra_(document, steps_),
      object_algebra_(document, steps_, *this),
      array_algebra_(document, steps_, *this),
      scalars_(document, steps_, scalar_algebra_),
      objects_(document, steps_, object_algebra_),
      arrays_(document, steps_, array_algebra_) {}

Result<Place> SchemaMeaning::without_references(Place schema) const {
  const SchemaJson& json = document_.json();
  for (size_t followed = 0; json.is(schema, Kind::object) && followed < Expansion<ScalarAlgebra>::nesting_max;
       ++followed) {
    const std::optional<Place> reference = json.find(schema, "$ref");
    if (!reference || (json.node(schema).keys.size() > 1 && document_.draft() == Draft::newest)) break;
    QUIRE_TRY(schema, document_.target(schema, *reference));
  }
  return schema;
}

Result<SchemaMeaning::Possible> SchemaMeaning::normal(Literals literals) {
  const SchemaJson& json = document_.json();
  Literals out;
  for (Literal literal : literals) {
    if (!literal.constant) {
      QUIRE_TRY(literal.place, without_references(literal.place));
      const SchemaJson::Node& node = json.node(literal.place);
      const bool any = node.kind == Kind::boolean ? node.truth : node.kind == Kind::object && node.keys.empty();
      if (any != literal.negative && (any || node.kind == Kind::boolean)) continue;
      if (any || node.kind == Kind::boolean) return std::nullopt;
    }
    out.push_back(literal);
  }
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

// Runs a look for emptiness; what it cannot find out says nothing. The values that are being expanded are above it.
template <typename Look>
bool SchemaMeaning::judge(Look look) {
  if (judging_ >= judging_max) return false;
  ++judging_;
  auto scalars = scalars_.begin_apart();
  auto objects = objects_.begin_apart();
  auto arrays = arrays_.begin_apart();
  const Result<bool> empty = look();
  scalars_.end_apart(std::move(scalars));
  objects_.end_apart(std::move(objects));
  arrays_.end_apart(std::move(arrays));
  --judging_;
  return empty.value_or(false);
}

bool SchemaMeaning::surely_empty(const Literals& literals) {
  return judge([&]() -> Result<bool> {
    QUIRE_TRY_VOID(steps_.spend());
    QUIRE_TRY(const Scalars some, scalars(literals));
    QUIRE_TRY(const bool no_scalars, scalar_algebra_.disjoint(some, scalar_algebra_.all()));
    if (!no_scalars) return false;
    QUIRE_TRY(const std::vector<ObjectShape> object_shapes, objects(literals));
    QUIRE_TRY(const std::vector<ArrayShape> array_shapes, arrays(literals));
    return std::ranges::all_of(object_shapes, [&](const ObjectShape& shape) { return surely_empty(shape); }) &&
           std::ranges::all_of(array_shapes, [&](const ArrayShape& shape) { return surely_empty(shape); });
  });
}

bool SchemaMeaning::surely_empty(const ObjectShape& shape) {
  return judge([&]() -> Result<bool> {
    for (const std::string& name : shape.required) {
      QUIRE_TRY_VOID(steps_.spend());
      QUIRE_TRY(const Possible value, member(shape, name));
      if (!value || surely_empty(*value)) return true;
    }
    return false;
  });
}

bool SchemaMeaning::surely_empty(const ArrayShape& shape) {
  return judge([&]() -> Result<bool> {
    for (uint64_t index = 0; index < std::min(shape.min, first_alike(shape) + 1); ++index) {
      QUIRE_TRY_VOID(steps_.spend());
      QUIRE_TRY(const Possible value, item(shape, index));
      if (!value || surely_empty(*value)) return true;
    }
    return false;
  });
}

Result<bool> SchemaMeaning::name_matches(Place schema, const std::string& pattern, const std::string& name) {
  QUIRE_TRY(const auto texts, scalar_algebra_.pattern(schema, "patternProperties", pattern));
  return texts->matches(name);
}

// What a layer wants of a member of this name.
Result<void> SchemaMeaning::member_of(const Layer& layer, const std::string& name, Literals& out, bool& possible) {
  const SchemaJson& json = document_.json();
  if (layer.kind == Layer::Kind::constant) {
    const std::optional<Place> value = json.find(layer.place, name);
    if (value) out.push_back({.place = *value, .constant = true});
    possible &= value.has_value();
    return {};
  }
  if (layer.kind == Layer::Kind::unevaluated) {
    QUIRE_TRY(const Evaluated* known, evaluated(layer.place, true));
    if (known->all || known->known.contains(name)) return {};
    for (const std::string& pattern : known->patterns) {
      QUIRE_TRY(const bool matches, name_matches(layer.place, pattern, name));
      if (matches) return {};
    }
    out.push_back({.place = *json.find(layer.place, "unevaluatedProperties")});
    return {};
  }
  bool listed = false;
  const auto add = [&](Place schema) {
    out.push_back({.place = schema});
    listed = true;
  };
  if (const std::optional<Place> properties = json.find(layer.place, "properties")) {
    if (const std::optional<Place> schema = json.find(*properties, name)) add(*schema);
  }
  if (const std::optional<Place> patterns = json.find(layer.place, "patternProperties")) {
    const SchemaJson::Node& node = json.node(*patterns);
    for (size_t i = 0; i < node.keys.size(); ++i) {
      QUIRE_TRY(const bool matches, name_matches(layer.place, node.keys[i], name));
      if (matches) add(node.items[i]);
    }
  }
  const std::optional<Place> additional = json.find(layer.place, "additionalProperties");
  if (!listed && additional) add(*additional);
  return {};
}

Result<SchemaMeaning::Possible> SchemaMeaning::member(const ObjectShape& shape, const std::string& name) {
  Literals literals;
  bool possible = !has(shape.forbidden, name);
  for (const Layer& layer : shape.layers) QUIRE_TRY_VOID(member_of(layer, name, literals, possible));
  for (const auto& [of, literal] : shape.members) {
    if (of == name) literals.push_back(literal);
  }
  for (const Place schema : shape.names) {
    QUIRE_TRY(const Scalars names, scalars({{.place = schema}}));
    possible &= names.strings.matches(name);
  }
  if (!possible) return std::nullopt;
  return normal(std::move(literals));
}

// The names that a layer has in its text, in this order.
Result<std::vector<std::string>> SchemaMeaning::layer_names(const Layer& layer) {
  const SchemaJson& json = document_.json();
  if (layer.kind == Layer::Kind::constant) return json.node(layer.place).keys;
  if (layer.kind == Layer::Kind::unevaluated) {
    QUIRE_TRY(const Evaluated* known, evaluated(layer.place, true));
    return known->names;
  }
  const std::optional<Place> properties = json.find(layer.place, "properties");
  return properties ? json.node(*properties).keys : std::vector<std::string>();
}

Result<bool> SchemaMeaning::exists_at(const ObjectShape::Exists& exists, const std::string& name) {
  using Where = ObjectShape::Exists::Where;
  const SchemaJson& json = document_.json();
  if (exists.where == Where::name) {
    QUIRE_TRY(const Scalars names, scalars({{.place = exists.value}}));
    return !names.strings.matches(name);
  }
  if (exists.where == Where::pattern) {
    const SchemaJson::Node& value = json.node(exists.value);
    return name_matches(exists.schema, json.node(value.parent).keys[value.index], name);
  }
  Literals wanted;
  bool possible = true;
  QUIRE_TRY_VOID(member_of({.place = exists.schema}, name, wanted, possible));
  return wanted == Literals{{.place = exists.value}};
}

Result<std::vector<ObjectPlan>> SchemaMeaning::plans(const ObjectShape& shape) {
  using Where = ObjectShape::Exists::Where;
  constexpr const char* keywords[] = {"additionalProperties", "patternProperties", "propertyNames"};
  std::vector<ObjectPlan> out;
  std::vector<ObjectShape> pending{shape};
  while (!pending.empty()) {
    const ObjectShape next = std::move(pending.back());
    pending.pop_back();
    QUIRE_TRY_VOID(steps_.spend());
    QUIRE_TRY(ObjectPlan made, plan(next));
    if (next.exists.empty()) {
      out.push_back(std::move(made));
      continue;
    }
    const ObjectShape::Exists exists = next.exists.back();
    if (!made.rest.empty()) {
      return document_.unsupported(exists.schema, keywords[static_cast<size_t>(exists.where)],
                                   "that it does not hold cannot be decided where members may have any name");
    }
    if (out.size() + pending.size() + made.members.size() > plans_max) {
      return fail(ErrorKind::too_large, fmt::format("schema: over {} shapes of one object", plans_max));
    }
    for (const ObjectPlan::Member& member : made.members) {
      QUIRE_TRY(const bool fits, exists_at(exists, member.name));
      if (!fits) continue;
      ObjectShape with = next;
      with.exists.pop_back();
      add_once(with.required, member.name);
      if (exists.where != Where::name) {
        with.members.push_back({member.name, {.place = exists.value, .negative = true}});
      }
      pending.push_back(std::move(with));
    }
  }
  return out;
}

Result<ObjectPlan> SchemaMeaning::plan(const ObjectShape& shape) {
  ObjectPlan out{.min = shape.min, .max = shape.max, .counts = shape.counts};
  std::vector<std::string> names;
  std::set<std::string, std::less<>> known;
  const auto list = [&](const std::string& name) {
    if (known.insert(name).second) names.push_back(name);
  };
  for (const Layer& layer : shape.layers) {
    QUIRE_TRY(const std::vector<std::string> listed, layer_names(layer));
    for (const std::string& name : listed) list(name);
  }
  const size_t named = names.size();
  for (const auto& [name, literal] : shape.members) list(name);
  for (const std::string& name : shape.required) list(name);
  const std::set<std::string, std::less<>> wanted(shape.required.begin(), shape.required.end());
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string& name = names[i];
    QUIRE_TRY_VOID(steps_.spend(1 + (shape.layers.size() + shape.forbidden.size() + shape.members.size()) / 16));
    QUIRE_TRY(Possible value, member(shape, name));
    const bool required = wanted.contains(name);
    if (required && !value) {
      out.max = 0, out.min = 1;  // no object at all
      out.members.clear();
      return out;
    }
    if (value)
      out.members.push_back({.name = name, .value = std::move(*value), .required = required, .named = i < named});
  }
  for (const std::string& name : shape.forbidden) list(name);
  out.taken = std::move(names);
  QUIRE_TRY(out.rest, rest_of_members(shape, out.taken));
  return out;
}

Result<void> SchemaMeaning::split_names(std::vector<NameClass>& classes, Place schema, size_t layer,
                                        const std::string& pattern) {
  QUIRE_TRY(const auto texts, scalar_algebra_.pattern(schema, "patternProperties", pattern));
  std::vector<NameClass> finer;
  for (NameClass& old : classes) {
    QUIRE_TRY_VOID(steps_.spend(1 + old.names->state_count() / 16));
    QUIRE_TRY(Regular inside, old.names->both(*texts));
    QUIRE_TRY(Regular outside, old.names->without(*texts));
    if (!inside.is_empty()) {
      finer.push_back({.names = std::make_shared<const Regular>(std::move(inside)), .matched = old.matched});
      finer.back().matched.emplace(layer, pattern);
    }
    old.names = std::make_shared<const Regular>(std::move(outside));
    if (!old.names->is_empty()) finer.push_back(std::move(old));
  }
  classes = std::move(finer);
  if (classes.size() <= classes_max) return {};
  return fail(ErrorKind::too_large, fmt::format("schema: patterns of names overlap in over {} ways at {}", classes_max,
                                                document_.json().pointer(schema)));
}

Result<std::vector<ObjectPlan::Rest>> SchemaMeaning::rest_of_members(const ObjectShape& shape,
                                                                     const std::vector<std::string>& taken) {
  const SchemaJson& json = document_.json();
  std::vector<NameClass> classes(1);
  std::vector<std::pair<size_t, std::string>> patterns;
  std::vector<const Evaluated*> known(shape.layers.size(), nullptr);
  for (size_t i = 0; i < shape.layers.size(); ++i) {
    const Layer& layer = shape.layers[i];
    if (layer.kind == Layer::Kind::constant) return std::vector<ObjectPlan::Rest>();
    const std::optional<Place> own = json.find(layer.place, "patternProperties");
    if (layer.kind == Layer::Kind::unevaluated) {
      QUIRE_TRY(known[i], evaluated(layer.place, true));
      for (const std::string& pattern : known[i]->patterns) patterns.emplace_back(i, pattern);
    } else if (own) {
      for (const std::string& pattern : json.node(*own).keys) patterns.emplace_back(i, pattern);
    }
  }
  if (!patterns.empty() || !shape.names.empty()) {
    QUIRE_TRY(const Regular listed, Regular::of(taken));
    QUIRE_TRY(Regular free, Regular::any().without(listed));
    for (const Place schema : shape.names) {
      QUIRE_TRY(const Scalars names, scalars({{.place = schema}}));
      QUIRE_TRY(const Regular allowed, names.strings.as_regular());
      QUIRE_TRY(free, free.both(allowed));
    }
    if (free.is_empty()) return std::vector<ObjectPlan::Rest>();
    classes[0].names = std::make_shared<const Regular>(std::move(free));
    for (const auto& [layer, pattern] : patterns)
      QUIRE_TRY_VOID(split_names(classes, shape.layers[layer].place, layer, pattern));
  }
  std::vector<ObjectPlan::Rest> out;
  for (const NameClass& one : classes) {
    Literals literals;
    for (size_t i = 0; i < shape.layers.size(); ++i) {
      const Layer& layer = shape.layers[i];
      bool listed = known[i] != nullptr && known[i]->all;
      for (const auto& [matched, pattern] : one.matched) {
        if (matched != i) continue;
        listed = true;
        if (known[i] == nullptr)
          literals.push_back({.place = *json.find(*json.find(layer.place, "patternProperties"), pattern)});
      }
      const auto other = json.find(layer.place, known[i] != nullptr ? "unevaluatedProperties" : "additionalProperties");
      if (!listed && other) literals.push_back({.place = *other});
    }
    QUIRE_TRY(Possible value, normal(std::move(literals)));
    if (value) out.push_back({.names = one.names, .value = std::move(*value)});
  }
  return out;
}

uint64_t SchemaMeaning::first_alike(const ArrayShape& shape) const {
  uint64_t first = 0;
  for (const Layer& layer : shape.layers) {
    const auto list = layer.kind == Layer::Kind::constant ? layer.place : prefix_of(document_.json(), layer.place);
    if (list) first = std::max<uint64_t>(first, document_.json().node(*list).items.size());
  }
  for (const auto& [index, literal] : shape.items) first = std::max(first, index + 1);
  return first;
}

Result<SchemaMeaning::Possible> SchemaMeaning::item(const ArrayShape& shape, uint64_t index) {
  const SchemaJson& json = document_.json();
  Literals literals;
  for (const Layer& layer : shape.layers) {
    if (layer.kind == Layer::Kind::constant) {
      const std::vector<Place>& values = json.node(layer.place).items;
      if (index >= values.size()) return std::nullopt;
      literals.push_back({.place = values[index], .constant = true});
      continue;
    }
    if (layer.kind == Layer::Kind::unevaluated) {
      QUIRE_TRY(const Evaluated* known, evaluated(layer.place, false));
      if (!known->all && index >= known->items)
        literals.push_back({.place = *json.find(layer.place, "unevaluatedItems")});
      continue;
    }
    const std::optional<Place> prefix = prefix_of(json, layer.place), rest = rest_of(json, layer.place);
    if (prefix && index < json.node(*prefix).items.size()) {
      literals.push_back({.place = json.node(*prefix).items[index]});
    } else if (rest) {
      literals.push_back({.place = *rest});
    }
  }
  for (const auto& [at, literal] : shape.items) {
    if (at == index) literals.push_back(literal);
  }
  return normal(std::move(literals));
}

Result<void> SchemaMeaning::add_evaluated(Evaluated& to, bool names, const std::vector<std::string>& from) {
  for (const std::string& text : from) {
    QUIRE_TRY_VOID(steps_.spend(1 + (names ? 0 : to.patterns.size() / 16)));
    if (!names) add_once(to.patterns, text);
    if (names && to.known.insert(text).second) to.names.push_back(text);
  }
  return {};
}

Result<const SchemaMeaning::Evaluated*> SchemaMeaning::evaluated(Place schema, bool objects) {
  const std::pair key(schema, objects);
  auto known = evaluated_.find(key);
  if (known == evaluated_.end()) {
    QUIRE_TRY(Evaluated found, find_evaluated(schema, objects, 0));
    known = evaluated_.emplace(key, std::move(found)).first;
  }
  return &known->second;
}

// What the keywords of a schema, and of those that hold wherever it does, look at.
Result<SchemaMeaning::Evaluated> SchemaMeaning::find_evaluated(Place schema, bool objects, size_t depth) {
  const SchemaJson& json = document_.json();
  Evaluated out;
  if (!json.is(schema, Kind::object)) return out;
  const char* own = objects ? "unevaluatedProperties" : "unevaluatedItems";
  if (depth > Expansion<ScalarAlgebra>::nesting_max) return document_.invalid(schema, own, "it is too deep");
  const SchemaJson::Node& node = json.node(schema);
  QUIRE_TRY_VOID(steps_.spend(1 + node.keys.size()));
  std::vector<Place> inner;
  for (size_t i = 0; i < node.keys.size(); ++i) {
    const std::string& key = node.keys[i];
    const Place value = node.items[i];
    if (key == "$ref" || key == "$dynamicRef") {
      QUIRE_TRY(const Place target, document_.target(schema, value));
      inner.push_back(target);
    } else if (key == "allOf") {
      inner.insert(inner.end(), json.node(value).items.begin(), json.node(value).items.end());
    } else if (key == "anyOf" || key == "oneOf" || key == "if" || key == "then" || key == "else" ||
               key == "dependentSchemas" || (key == "contains" && !objects)) {
      return document_.unsupported(schema, own, fmt::format("what '{}' looks at is not known before", key));
    } else if (objects && (key == "properties" || key == "patternProperties")) {
      QUIRE_TRY_VOID(add_evaluated(out, key == "properties", json.node(value).keys));
    }
  }
  if (!objects) {
    const std::optional<Place> prefix = prefix_of(json, schema);
    if (prefix) out.items = json.node(*prefix).items.size();
    out.all = rest_of(json, schema).has_value() || (depth > 0 && json.find(schema, own));
  } else {
    out.all = json.find(schema, "additionalProperties") || (depth > 0 && json.find(schema, own));
  }
  for (const Place place : inner) {
    QUIRE_TRY(const Evaluated more, find_evaluated(place, objects, depth + 1));
    QUIRE_TRY_VOID(add_evaluated(out, true, more.names));
    QUIRE_TRY_VOID(add_evaluated(out, false, more.patterns));
    out.items = std::max(out.items, more.items);
    out.all |= more.all;
  }
  return out;
}

}  // namespace quire::constraint
