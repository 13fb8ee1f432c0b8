#include "text/constraint/automaton/grammar_facts.h"

#include <algorithm>
#include <limits>

namespace quire::constraint {
namespace {

using Node = Grammar::Node;
using NodeKind = Grammar::NodeKind;

// Rules that are short enough to be a part of what refers to them: a character, an escape, a number's sign. They cost
// less as positions than as calls, and tokens cross them all the time.
constexpr uint32_t inlined_bytes_max = 16;
constexpr uint32_t inlined_size_max = 160;
constexpr int inlined_depth_max = 4;

constexpr uint32_t saturated_add(uint32_t left, uint32_t right) {
  return left > std::numeric_limits<uint32_t>::max() - right ? std::numeric_limits<uint32_t>::max() : left + right;
}
constexpr uint32_t saturated_multiply(uint32_t left, uint32_t right) {
  const uint64_t product = uint64_t{left} * right;
  return static_cast<uint32_t>(std::min<uint64_t>(product, std::numeric_limits<uint32_t>::max()));
}

// The least set of nodes that is closed under: leaves that `holds`; all children of a sequence; some child of a choice;
// the child of a repeat, or any repeat that may be left out; the body of a rule. Each edge is looked at once.
template <typename Leaf>
std::vector<bool> least_fixpoint(const Grammar& grammar, Leaf holds) {
  const size_t count = grammar.node_count();
  std::vector<std::vector<uint32_t>> parents(count);
  std::vector<uint32_t> missing(count, 1);  // children that have to hold and do not yet
  std::vector<bool> value(count, false);
  std::vector<uint32_t> ready;
  for (uint32_t index = 0; index < count; ++index) {
    const Node& node = grammar.node(NodeId{index});
    for (const NodeId child : node.children) parents[static_cast<size_t>(child)].push_back(index);
    if (node.kind == NodeKind::rule) parents[static_cast<size_t>(grammar.body(node.rule))].push_back(index);
    if (node.kind == NodeKind::sequence) missing[index] = static_cast<uint32_t>(node.children.size());
    if (holds(node) || (node.kind == NodeKind::repeat && node.min == 0)) ready.push_back(index);
  }
  while (!ready.empty()) {
    const uint32_t index = ready.back();
    ready.pop_back();
    if (value[index]) continue;
    value[index] = true;
    for (const uint32_t parent : parents[index]) {
      if (!value[parent] && --missing[parent] == 0) ready.push_back(parent);
    }
  }
  return value;
}

struct Measure {
  uint32_t bytes = 0;  // of the longest text
  uint32_t size = 0;
};

Measure measure(const Node& node, const std::vector<Measure>& nodes, const std::vector<Measure>& rules,
                const std::vector<bool>& inlined) {
  Measure all;
  switch (node.kind) {
    case NodeKind::nothing:
    case NodeKind::never:
      return all;
    case NodeKind::bytes:
      return {.bytes = static_cast<uint32_t>(std::min<size_t>(node.text.size(), unbounded)),
              .size = static_cast<uint32_t>(std::min<size_t>(node.text.size(), unbounded))};
    case NodeKind::byte_set:
      return {.bytes = 1, .size = 1};
    case NodeKind::sequence:
    case NodeKind::choice:
      for (const NodeId id : node.children) {
        const Measure& child = nodes[static_cast<size_t>(id)];
        all.bytes =
            node.kind == NodeKind::sequence ? saturated_add(all.bytes, child.bytes) : std::max(all.bytes, child.bytes);
        all.size = saturated_add(all.size, child.size);
      }
      all.size = saturated_add(all.size, 1);
      return all;
    case NodeKind::repeat: {
      const Measure& child = nodes[static_cast<size_t>(node.children[0])];
      return {.bytes = saturated_multiply(child.bytes, node.max), .size = saturated_add(child.size, 2)};
    }
    case NodeKind::rule: {
      const Measure& body = rules[static_cast<size_t>(node.rule)];
      return {.bytes = body.bytes, .size = inlined[static_cast<size_t>(node.rule)] ? body.size : 1};
    }
  }
  return all;
}

void find_inlined(const Grammar& grammar, GrammarFacts& facts) {
  std::vector<Measure> nodes(grammar.node_count());
  // A rule not yet known to be short is as long as can be: so recursive ones stay that way.
  std::vector<Measure> rules(grammar.rule_count(), {.bytes = unbounded, .size = 1});
  facts.inlined.assign(grammar.rule_count(), false);
  for (int depth = 0; depth <= inlined_depth_max; ++depth) {
    for (uint32_t index = 0; index < nodes.size(); ++index) {
      nodes[index] = measure(grammar.node(NodeId{index}), nodes, rules, facts.inlined);
    }
    if (depth == inlined_depth_max) break;
    for (uint32_t index = 0; index < rules.size(); ++index) {
      const Measure& body = nodes[static_cast<size_t>(grammar.body(RuleId{index}))];
      if (facts.inlined[index] || body.bytes > inlined_bytes_max || body.size > inlined_size_max) continue;
      facts.inlined[index] = true;
      rules[index] = body;
    }
  }
  facts.size.resize(nodes.size());
  for (size_t index = 0; index < nodes.size(); ++index) facts.size[index] = nodes[index].size;
}

}  // namespace

GrammarFacts find_facts(const Grammar& grammar, const ByteSet& spelled) {
  GrammarFacts facts;
  facts.nullable = least_fixpoint(grammar, [](const Node& node) { return node.kind == NodeKind::nothing; });
  facts.productive = least_fixpoint(grammar, [&](const Node& node) {
    switch (node.kind) {
      case NodeKind::nothing:
        return true;
      case NodeKind::byte_set:
        return (node.set & spelled).any();
      case NodeKind::bytes:
        return std::all_of(node.text.begin(), node.text.end(),
                           [&](char byte) { return spelled.test(static_cast<uint8_t>(byte)); });
      default:
        return false;
    }
  });
  find_inlined(grammar, facts);
  return facts;
}

}  // namespace quire::constraint
