// What a schema says of a value itself, with every "$ref", "allOf", "anyOf", "oneOf", "not" and "if" resolved: as a set
// of some algebra, one for scalars (scalars.h), one for objects and one for arrays (shapes.h).
#pragma once

#include <fmt/format.h>

#include <compare>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/constraint/schema/document.h"

namespace quire::constraint {

// A schema that holds, or does not. `constant`: the place is no schema, but the one value that is meant.
struct Literal {
  Place place = 0;
  bool constant = false;
  bool negative = false;
  auto operator<=>(const Literal&) const = default;
};
// All of them hold; sorted, each once. None: any value.
using Literals = std::vector<Literal>;

// What understanding a schema may take, counted rather than timed: one schema is accepted or refused always alike.
class Steps {
 public:
  static constexpr size_t max = 200'000;
  Result<void> spend(size_t count = 1) {
    if (count <= left_) {
      left_ -= count;
      return {};
    }
    return fail(ErrorKind::too_large, fmt::format("schema: over {} steps to find out what it says", max));
  }

 private:
  size_t left_ = max;
};

// The keywords of a schema in the order of their importance: those that exclude most before the others, which keep the
// order in which they are written.
std::vector<size_t> keyword_order(const SchemaDocument& document, Place schema);

// An Algebra has a Value and
//   Value all(), none(); bool is_none(Value), is_all(Value);
//   Result<Value> both(Value, Value), either(Value, Value);
//   Result<bool> disjoint(Value, Value)    false where it is not sure
//   Result<Value> constant(Place, negative)
//   Result<Value> assertion(Place schema, keyword, Place value, negative)   any other keyword; all() or none() if it
//                                                                           says nothing of what the algebra is about
// One for objects has Value has_member(name, bool) as well.
// One thread. Recursion is bounded: nesting_max schemas of one value.
template <typename Algebra>
class Expansion {
 public:
  using Value = typename Algebra::Value;
  static constexpr size_t nesting_max = 64;

  Expansion(const SchemaDocument& document, Steps& steps, Algebra& algebra)
      : document_(document), steps_(steps), algebra_(algebra) {}

  Result<Value> of(const Literal& literal) {
    if (const auto known = known_.find(literal); known != known_.end()) return known->second;
    QUIRE_TRY_VOID(steps_.spend());
    if (open_.size() >= nesting_max) {
      return fail(ErrorKind::too_large, fmt::format("schema: over {} schemas of one value at {}", nesting_max,
                                                    document_.json().pointer(literal.place)));
    }
    if (!open_.insert(literal).second)
      return document_.invalid(literal.place, "$ref", "it refers to itself without end");
    Result<Value> value = expand(literal);
    open_.erase(literal);
    if (value) known_.emplace(literal, *value);
    return value;
  }

  Result<Value> of(const Literals& literals) {
    Value value = algebra_.all();
    for (const bool negative : {false, true}) {
      for (const Literal& literal : literals) {
        if (literal.negative != negative) continue;
        QUIRE_TRY(const Value more, of(literal));
        QUIRE_TRY(value, algebra_.both(value, more));
        if (algebra_.is_none(value)) return value;
      }
    }
    return value;
  }

  // What comes between them is of another value than the one that is being looked at.
  std::set<Literal> begin_apart() { return std::exchange(open_, {}); }
  void end_apart(std::set<Literal> open) { open_ = std::move(open); }

 private:
  using Kind = SchemaJson::Kind;
  const SchemaJson& json() const { return document_.json(); }
  Value unaffected(bool negative) { return negative ? algebra_.none() : algebra_.all(); }

  Result<Value> expand(const Literal& literal) {
    if (literal.constant) return algebra_.constant(literal.place, literal.negative);
    const SchemaJson::Node& node = json().node(literal.place);
    if (node.kind == Kind::boolean) return node.truth != literal.negative ? algebra_.all() : algebra_.none();
    if (node.kind != Kind::object) {
      const Place parent = node.parent;
      return document_.invalid(parent, json().pointer(literal.place), "what is there is no schema");
    }
    Value value = unaffected(literal.negative);
    for (const size_t index : keyword_order(document_, literal.place)) {
      Result<Value> term = keyword(literal.place, node.keys[index], node.items[index], literal.negative);
      if (term) term = literal.negative ? algebra_.either(value, *term) : algebra_.both(value, *term);
      if (!term) return std::unexpected(document_.placed(std::move(term).error(), literal.place, node.keys[index]));
      value = std::move(*term);
      if (literal.negative ? algebra_.is_all(value) : algebra_.is_none(value)) return value;
    }
    return value;
  }

  Result<Value> keyword(Place schema, const std::string& name, Place value, bool negative) {
    if (name == "$ref" || name == "$dynamicRef") {
      QUIRE_TRY(const Place target, document_.target(schema, value));
      return of(Literal{.place = target, .negative = negative});
    }
    if (name == "not") return of(Literal{.place = value, .negative = !negative});
    if (name == "if") return conditional(schema, value, negative);
    if (name == "then" || name == "else") return unaffected(negative);
    if (name == "allOf" || name == "anyOf" || name == "oneOf") {
      if (!json().is(value, Kind::array) || json().node(value).items.empty()) {
        return document_.invalid(schema, name, "it is a list of schemas");
      }
      const std::vector<Place>& items = json().node(value).items;
      if (name != "oneOf") return combined(items, negative, (name == "allOf") != negative);
      return negative ? not_one_of(items) : one_of(schema, items);
    }
    if constexpr (requires { algebra_.has_member(name, true); }) {
      if (name == "dependentSchemas" || name == "dependencies") return dependent(schema, name, value, negative);
    }
    return algebra_.assertion(schema, name, value, negative);
  }

  // All of the (negated) schemas, or any of them.
  Result<Value> combined(std::span<const Place> schemas, bool negative, bool all) {
    Value value = all ? algebra_.all() : algebra_.none();
    for (const Place schema : schemas) {
      QUIRE_TRY(const Value term, of(Literal{.place = schema, .negative = negative}));
      QUIRE_TRY(value, all ? algebra_.both(value, term) : algebra_.either(value, term));
      if (all ? algebra_.is_none(value) : algebra_.is_all(value)) return value;
    }
    return value;
  }

  Result<Value> conditional(Place schema, Place condition, bool negative) {
    const std::optional<Place> then_place = json().find(schema, "then"), else_place = json().find(schema, "else");
    if (!then_place && !else_place) return unaffected(negative);
    const auto branch = [&](bool holds, const std::optional<Place>& place) -> Result<Value> {
      QUIRE_TRY(Value value, of(Literal{.place = condition, .negative = !holds}));
      if (algebra_.is_none(value)) return value;
      if (!place) return negative ? algebra_.none() : value;
      QUIRE_TRY(const Value rest, of(Literal{.place = *place, .negative = negative}));
      return algebra_.both(value, rest);
    };
    QUIRE_TRY(const Value met, branch(true, then_place));
    QUIRE_TRY(const Value unmet, branch(false, else_place));
    return algebra_.either(met, unmet);
  }

  // Each schema without those others that it is not surely apart from.
  Result<Value> one_of(Place schema, std::span<const Place> schemas) {
    std::vector<Value> values;
    for (const Place place : schemas) {
      QUIRE_TRY(Value value, of(Literal{.place = place}));
      values.push_back(std::move(value));
    }
    Value out = algebra_.none();
    for (size_t i = 0; i < values.size(); ++i) {
      Value alone = values[i];
      for (size_t j = 0; j < values.size() && !algebra_.is_none(alone); ++j) {
        if (j == i) continue;
        QUIRE_TRY_VOID(steps_.spend());
        QUIRE_TRY(const bool apart, algebra_.disjoint(alone, values[j]));
        if (apart) continue;
        const Result<Value> outside = of(Literal{.place = schemas[j], .negative = true});
        if (!outside && outside.error().kind == ErrorKind::unsupported) {
          return document_.unsupported(schema, "oneOf",
                                       fmt::format("branches {} and {} may both hold ({})", std::min(i, j),
                                                   std::max(i, j), outside.error().message));
        }
        if (!outside) return std::unexpected(outside.error());
        QUIRE_TRY(alone, algebra_.both(alone, *outside));
      }
      QUIRE_TRY(out, algebra_.either(out, alone));
    }
    return out;
  }

  // None of them, or two.
  Result<Value> not_one_of(std::span<const Place> schemas) {
    QUIRE_TRY(Value out, combined(schemas, true, true));
    for (size_t i = 0; i < schemas.size(); ++i) {
      for (size_t j = i + 1; j < schemas.size(); ++j) {
        QUIRE_TRY_VOID(steps_.spend());
        const Place pair[] = {schemas[i], schemas[j]};
        QUIRE_TRY(const Value two, combined(pair, false, true));
        QUIRE_TRY(out, algebra_.either(out, two));
      }
    }
    return out;
  }

  // Where an object has a member, a schema holds for all of it, or more members are there.
  Result<Value> dependent(Place schema, const std::string& name, Place value, bool negative) {
    if (!json().is(value, Kind::object)) return document_.invalid(schema, name, "it is no object");
    const SchemaJson::Node& members = json().node(value);
    Value out = unaffected(negative);
    for (size_t i = 0; i < members.keys.size(); ++i) {
      Value then = algebra_.all();
      if (json().is(members.items[i], Kind::array)) {
        QUIRE_TRY(then, algebra_.has_members(schema, name, members.items[i], negative));
      } else {
        QUIRE_TRY(then, of(Literal{.place = members.items[i], .negative = negative}));
      }
      QUIRE_TRY(then, algebra_.both(algebra_.has_member(members.keys[i], true), then));
      if (!negative) {
        QUIRE_TRY(then, algebra_.either(algebra_.has_member(members.keys[i], false), then));
      }
      QUIRE_TRY(out, negative ? algebra_.either(out, then) : algebra_.both(out, then));
    }
    return out;
  }

  const SchemaDocument& document_;
  Steps& steps_;
  Algebra& algebra_;
  std::map<Literal, Value> known_;
  std::set<Literal> open_;
};

}  // namespace quire::constraint
