#include "text/constraint/schema/writer.h"

#include <fmt/format.h>

#include <algorithm>

namespace quire::constraint {
namespace {

// Members that are counted, and items that are listed one by one.
constexpr uint64_t counted_max = 4096;
// Members that may come in any order: each set of them is a state.
constexpr uint64_t any_order_max = 4;

}  // namespace

Result<NodeId> SchemaWriter::write(const Literals& literals) {
  const NodeId root = value(literals);
  while (!pending_.empty()) {
    const auto [next, rule] = std::move(pending_.back());
    pending_.pop_back();
    QUIRE_TRY(const NodeId written, body(next));
    grammar_.define(rule, written);
    QUIRE_TRY_VOID(check_size());
  }
  return root;
}

Result<void> SchemaWriter::check_size() const {
  if (grammar_.rule_count() > rules_max) {
    return fail(ErrorKind::too_large, fmt::format("schema: over {} rules", rules_max));
  }
  if (grammar_.size_bytes() > bytes_max) {
    return fail(ErrorKind::too_large, fmt::format("schema: its grammar takes over {} bytes", bytes_max));
  }
  return {};
}

NodeId SchemaWriter::value(const Literals& literals) {
  if (literals.empty()) return text_.any_value();
  const auto known = known_.find(literals);
  if (known != known_.end()) return known->second;
  const RuleId rule = grammar_.declare("value");
  pending_.emplace_back(literals, rule);
  return known_.emplace(literals, grammar_.refer(rule)).first->second;
}

Result<NodeId> SchemaWriter::body(const Literals& literals) {
  QUIRE_TRY_VOID(meaning_.steps().spend());
  QUIRE_TRY(const Scalars scalars, meaning_.scalars(literals));
  Result<std::vector<NodeId>> written = text_.scalars(scalars);
  if (!written) {
    return std::unexpected(
        meaning_.document().placed(std::move(written).error(), literals[0].place, "string or number"));
  }
  std::vector<NodeId> ways = std::move(*written);
  QUIRE_TRY(const std::vector<ObjectShape> objects, meaning_.objects(literals));
  for (const ObjectShape& shape : objects) {
    QUIRE_TRY(const std::vector<ObjectPlan> plans, meaning_.plans(shape));
    for (const ObjectPlan& plan : plans) {
      QUIRE_TRY(const NodeId node, object(plan));
      ways.push_back(node);
      QUIRE_TRY_VOID(check_size());
    }
  }
  QUIRE_TRY(const std::vector<ArrayShape> arrays, meaning_.arrays(literals));
  for (const ArrayShape& shape : arrays) {
    QUIRE_TRY_VOID(check_unique(shape));
    QUIRE_TRY(const NodeId node, shape.contains.empty() ? array(shape) : array_with_counts(shape));
    ways.push_back(node);
    QUIRE_TRY_VOID(check_size());
  }
  return grammar_.choice(std::move(ways));
}

Result<NodeId> SchemaWriter::rest_member(const ObjectPlan& plan) {
  std::vector<NodeId> ways;
  for (const ObjectPlan::Rest& rest : plan.rest) {
    NodeId name = text_.any_string();
    if (rest.names == nullptr) {
      name = text_.name_except(plan.taken);
    } else {
      QUIRE_TRY(name, text_.string(*rest.names));
    }
    ways.push_back(text_.member(name, value(rest.value)));
  }
  return ways.empty() ? grammar_.never() : text_.shared("other member", grammar_.choice(std::move(ways)));
}

Result<NodeId> SchemaWriter::rest_of_object(const ObjectPlan& plan, NodeId rest, uint64_t count) {
  // An object without a member is written apart.
  const uint64_t need = plan.min > count ? plan.min - count : count == 0 ? 1 : 0;
  if (plan.rest.empty()) return need == 0 ? grammar_.nothing() : grammar_.never();
  if (need > 1) {
    return meaning_.document().unsupported(plan.counts, "minProperties",
                                           "that names are not alike cannot be told where they may be any");
  }
  const uint64_t room = plan.max == UINT64_MAX ? UINT64_MAX : plan.max - count;
  if (count == 0) return text_.separated(rest, rest, need, room);
  if (room == 0) return need == 0 ? grammar_.nothing() : grammar_.never();
  const NodeId next = grammar_.sequence({text_.comma(), rest});
  return grammar_.repeat(next, static_cast<uint32_t>(need),
                         room >= unbounded ? unbounded : static_cast<uint32_t>(room));
}

std::pair<NodeId, NodeId> SchemaWriter::in_any_order(const ObjectPlan& plan, uint64_t named, NodeId rest) {
  const uint64_t size = plan.members.size() - named;
  const NodeId more = grammar_.repeat(grammar_.sequence({text_.comma(), rest}), 0);
  std::vector<NodeId> after{more};  // by the set of those that are still to come
  std::vector<NodeId> first;
  for (uint64_t missing = 1; missing < uint64_t{1} << size; ++missing) {
    std::vector<NodeId> ways;
    first = {};
    for (uint64_t i = 0; i < size; ++i) {
      if ((missing >> i & 1) == 0) continue;
      const ObjectPlan::Member& member = plan.members[named + i];
      const NodeId written = text_.member(text_.name(member.name), value(member.value));
      const NodeId then = after[missing & ~(uint64_t{1} << i)];
      ways.push_back(grammar_.sequence({text_.comma(), written, then}));
      first.push_back(grammar_.sequence({written, then}));
    }
    after.push_back(text_.shared("members", grammar_.sequence({more, grammar_.choice(std::move(ways))})));
  }
  first.push_back(grammar_.sequence({rest, after.back()}));
  return {grammar_.choice(std::move(first)), after.back()};
}

// Members in their order: for each, and for each number of members before it that matters, what may come from there on.
Result<NodeId> SchemaWriter::object(const ObjectPlan& plan) {
  const std::vector<ObjectPlan::Member>& members = plan.members;
  if (plan.min > plan.max || (plan.rest.empty() && plan.min > members.size())) return grammar_.never();
  const auto named = static_cast<uint64_t>(std::ranges::count_if(members, &ObjectPlan::Member::named));
  const auto required = static_cast<uint64_t>(std::ranges::count_if(members, &ObjectPlan::Member::required));
  // Where counts are kept anyway, members that are only said to be there have no order.
  const bool loose = named < members.size() && members.size() - named <= any_order_max && plan.min <= required &&
                     plan.max == UINT64_MAX &&
                     std::all_of(members.begin() + static_cast<ptrdiff_t>(named), members.end(),
                                 [](const ObjectPlan::Member& member) { return member.required; });
  const uint64_t size = loose ? named : members.size();
  const bool bounded = plan.max < size || (plan.max < UINT64_MAX && !plan.rest.empty());
  // More than this many count alike.
  const uint64_t most = bounded ? size : std::min(size, loose ? 1 : std::max<uint64_t>(plan.min, 1));
  if (size * (most + 1) > counted_max * 16 || most > counted_max) {
    return fail(ErrorKind::too_large, fmt::format("schema: {} members are too many to be counted", size));
  }
  QUIRE_TRY(const NodeId rest, rest_member(plan));
  std::vector<uint64_t> least(size + 1, 0);  // members before this one that are there at least, and that may be
  for (uint64_t i = 0; i < size; ++i) least[i + 1] = least[i] + (plan.members[i].required ? 1 : 0);
  std::vector<NodeId> after(most + 1);  // by the count of members before
  for (uint64_t count = std::min(least[size], most); count <= most; ++count) {
    if (count > plan.max) {
      after[count] = grammar_.never();
    } else if (loose) {
      const auto [first, later] = in_any_order(plan, named, rest);
      after[count] = count == 0 ? first : later;
    } else {
      QUIRE_TRY(after[count], rest_of_object(plan, rest, count));
    }
  }
  for (uint64_t i = size; i-- > 0;) {
    const ObjectPlan::Member& member = plan.members[i];
    const NodeId written = text_.member(text_.name(member.name), value(member.value));
    const NodeId next_written = grammar_.sequence({text_.comma(), written});
    std::vector<NodeId> here(most + 1);
    for (uint64_t count = std::min(least[i], most); count <= std::min(i, most); ++count) {
      const uint64_t with = std::min(count + 1, most);
      const NodeId one = count == 0 ? written : next_written;
      if (count == plan.max) {
        here[count] = member.required ? grammar_.never() : after[count];
      } else if (member.required) {
        here[count] = grammar_.sequence({one, after[with]});
      } else if (with == count) {
        here[count] = grammar_.sequence({grammar_.repeat(one, 0, 1), after[count]});
      } else {
        here[count] = grammar_.choice({grammar_.sequence({one, after[with]}), after[count]});
      }
    }
    // What two ways lead to is written once.
    for (uint64_t count = std::min(least[i], most) + 1; count <= std::min(i, most); ++count) {
      here[count] = text_.shared("members", here[count]);
    }
    after = std::move(here);
  }
  const bool may_be_empty = plan.min == 0 && required == 0;
  NodeId out = text_.object(after[0]);
  if (may_be_empty) out = grammar_.choice({grammar_.bytes("{}"), out});
  return out;
}

Result<NodeId> SchemaWriter::array(const ArrayShape& shape) {
  const uint64_t listed = std::min(std::max<uint64_t>(meaning_.first_alike(shape), 1), shape.max);
  if (listed > counted_max || (shape.min >= unbounded && shape.max >= unbounded)) {
    return fail(ErrorKind::too_large, fmt::format("schema: {} items are too many to be listed", listed));
  }
  QUIRE_TRY(const Possible alike, meaning_.item(shape, std::max<uint64_t>(meaning_.first_alike(shape), 1)));
  const uint64_t need = shape.min > listed ? shape.min - listed : 0;
  NodeId after = need == 0 ? grammar_.nothing() : grammar_.never();
  if (alike && shape.max > listed) {
    const uint64_t room = shape.max == UINT64_MAX ? unbounded : shape.max - listed;
    after = grammar_.repeat(grammar_.sequence({text_.comma(), value(*alike)}), static_cast<uint32_t>(need),
                            room >= unbounded ? unbounded : static_cast<uint32_t>(room));
  }
  for (uint64_t i = listed; i-- > 0;) {
    QUIRE_TRY(const Possible item, meaning_.item(shape, i));
    std::vector<NodeId> parts;
    if (i > 0) parts.push_back(text_.comma());
    parts.push_back(item ? value(*item) : grammar_.never());
    parts.push_back(after);
    after = grammar_.sequence(std::move(parts));
    if (i >= shape.min && i > 0) after = grammar_.repeat(after, 0, 1);
  }
  if (shape.max == 0) return grammar_.bytes("[]");
  const NodeId filled = text_.array(after);
  return shape.min == 0 ? grammar_.choice({grammar_.bytes("[]"), filled}) : filled;
}

Result<void> SchemaWriter::check_unique(const ArrayShape& shape) {
  constexpr uint64_t compared_max = 16;
  if (shape.unique.empty() || shape.max <= 1) return {};
  uint64_t most = shape.max;
  QUIRE_TRY(const Possible alike, meaning_.item(shape, meaning_.first_alike(shape)));
  if (!alike || meaning_.surely_empty(*alike)) most = std::min(most, meaning_.first_alike(shape));
  bool apart = most <= compared_max;
  for (uint64_t i = 0; apart && i < most; ++i) {
    for (uint64_t j = i + 1; apart && j < most; ++j) {
      QUIRE_TRY(const Possible first, meaning_.item(shape, i));
      QUIRE_TRY(const Possible second, meaning_.item(shape, j));
      if (!first || !second) continue;
      Literals common = *first;
      common.insert(common.end(), second->begin(), second->end());
      QUIRE_TRY(const Possible normal, meaning_.normal(std::move(common)));
      apart = !normal || meaning_.surely_empty(*normal);
    }
  }
  if (apart) return {};
  return meaning_.document().unsupported(shape.unique[0], "uniqueItems",
                                         "that items are not alike cannot be decided while writing");
}

}  // namespace quire::constraint
