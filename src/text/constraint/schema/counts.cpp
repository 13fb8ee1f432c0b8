// Arrays of which some items have to keep to a schema more: an automaton that counts them.
#include <fmt/format.h>

#include <algorithm>

#include "text/constraint/schema/writer.h"

namespace quire::constraint {
namespace {

constexpr size_t states_max = 4096;

using Contains = ArrayShape::Contains;

// Where an array is: how many items came, and how many of them each of the clauses has; both only as far as it matters.
struct Counts {
  uint64_t items = 0;
  std::vector<uint64_t> found = {};
  auto operator<=>(const Counts&) const = default;
};

struct Way {
  Literals more;  // what the item keeps to beside what all of this place do
  Counts to;
};

// The ways to go on from here: each clause counts the item or does not; where it must not count too many, an item that
// does not count does not keep to it.
std::vector<Way> ways_on(const ArrayShape& shape, const Counts& from, uint64_t items_max) {
  std::vector<Way> ways{{.to = from}};
  ways[0].to.items = std::min(from.items + 1, items_max);
  for (size_t i = 0; i < shape.contains.size(); ++i) {
    const Contains& clause = shape.contains[i];
    if (from.items < clause.from) continue;
    const bool limited = clause.max < UINT64_MAX;
    std::vector<Way> out;
    for (Way& way : ways) {
      const uint64_t found = way.to.found[i];
      const bool counts = limited ? found < clause.max : found < clause.min;
      if (counts) {
        Way with = way;
        with.more.push_back(clause.literal);
        ++with.to.found[i];
        out.push_back(std::move(with));
      }
      if (limited) {
        Literal other = clause.literal;
        other.negative = !other.negative;
        way.more.push_back(other);
      }
      out.push_back(std::move(way));
    }
    ways = std::move(out);
  }
  return ways;
}

}  // namespace

Result<NodeId> SchemaWriter::array_with_counts(const ArrayShape& shape) {
  uint64_t items_max = std::max({meaning_.first_alike(shape), shape.min, uint64_t{1}});
  if (shape.max < UINT64_MAX) items_max = std::max(items_max, shape.max);
  for (const Contains& clause : shape.contains) items_max = std::max(items_max, clause.from);
  const auto too_many = [] {
    return fail(ErrorKind::too_large, fmt::format("schema: counting items takes over {} states", states_max));
  };
  if (items_max > states_max || shape.contains.size() > 4) return too_many();
  std::map<Counts, RuleId> rules;
  std::vector<Counts> states;
  const auto rule_of = [&](const Counts& counts) {
    const auto known = rules.find(counts);
    if (known != rules.end()) return known->second;
    states.push_back(counts);
    return rules.emplace(counts, grammar_.declare("items")).first->second;
  };
  const Counts start{.found = std::vector<uint64_t>(shape.contains.size(), 0)};
  const RuleId root = rule_of(start);
  bool empty_fits = false;
  for (size_t at = 0; at < states.size(); ++at) {
    if (states.size() > states_max) return too_many();
    const Counts state = states[at];
    QUIRE_TRY_VOID(meaning_.steps().spend());
    std::vector<NodeId> ways;
    bool enough = state.items >= shape.min;
    for (size_t i = 0; i < shape.contains.size(); ++i) enough &= state.found[i] >= shape.contains[i].min;
    if (enough && state.items == 0) empty_fits = true;
    if (enough && state.items > 0) ways.push_back(grammar_.nothing());
    QUIRE_TRY(const Possible all, meaning_.item(shape, state.items));
    const bool full = shape.max < UINT64_MAX && state.items >= shape.max;
    for (const Way& way : full || !all ? std::vector<Way>() : ways_on(shape, state, items_max)) {
      Literals literals = *all;
      literals.insert(literals.end(), way.more.begin(), way.more.end());
      QUIRE_TRY(const Possible item, meaning_.normal(std::move(literals)));
      if (!item) continue;
      std::vector<NodeId> parts;
      if (state.items > 0) parts.push_back(text_.comma());
      parts.push_back(value(*item));
      parts.push_back(grammar_.refer(rule_of(way.to)));
      ways.push_back(grammar_.sequence(std::move(parts)));
    }
    grammar_.define(rules.at(state), grammar_.choice(std::move(ways)));
  }
  const NodeId filled = text_.array(grammar_.refer(root));
  return empty_fits ? grammar_.choice({grammar_.bytes("[]"), filled}) : filled;
}

}  // namespace quire::constraint
