#include "text/constraint/grammar/grammar.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "text/constraint/grammar/utf8_ranges.h"

namespace quire::constraint {
namespace {

// Lists and texts up to these sizes are joined into what holds them: longer ones would be copied again and again by who
// builds a long one piece by piece.
constexpr size_t joined_children_max = 8;
constexpr size_t joined_text_max = 256;

}  // namespace

NodeId Grammar::add(Node node) {
  size_bytes_ += sizeof(Node) + node.text.size() + node.children.size() * sizeof(NodeId);
  nodes_.push_back(std::move(node));
  return NodeId{static_cast<uint32_t>(nodes_.size() - 1)};
}

NodeId Grammar::nothing() {
  if (!nothing_) nothing_ = add({.kind = NodeKind::nothing});
  return *nothing_;
}

NodeId Grammar::never() {
  if (!never_) never_ = add({.kind = NodeKind::never});
  return *never_;
}

NodeId Grammar::bytes(std::string_view text) {
  if (text.empty()) return nothing();
  return add({.kind = NodeKind::bytes, .text = std::string(text)});
}

NodeId Grammar::byte_set(const ByteSet& set) {
  if (set.none()) return never();
  return add({.kind = NodeKind::byte_set, .set = set});
}

NodeId Grammar::characters(std::span<const std::pair<char32_t, char32_t>> ranges) {
  return add_characters(*this, ranges);
}

NodeId Grammar::sequence(std::vector<NodeId> children) {
  std::vector<NodeId> parts;
  const auto append = [&](NodeId id) {
    const Node& part = node(id);
    if (part.kind == NodeKind::nothing) return;
    if (part.kind == NodeKind::bytes && !parts.empty()) {
      const Node& last = node(parts.back());
      if (last.kind == NodeKind::bytes && last.text.size() + part.text.size() <= joined_text_max) {
        parts.back() = bytes(last.text + part.text);
        return;
      }
    }
    parts.push_back(id);
  };
  for (const NodeId id : children) {
    const Node& child = node(id);
    if (child.kind == NodeKind::never) return id;
    if (child.kind == NodeKind::sequence && child.children.size() <= joined_children_max) {
      for (const NodeId inner : std::vector<NodeId>(child.children)) append(inner);
    } else {
      append(id);
    }
  }
  if (parts.empty()) return nothing();
  if (parts.size() == 1) return parts[0];
  return add({.kind = NodeKind::sequence, .children = std::move(parts)});
}

NodeId Grammar::choice(std::vector<NodeId> children) {
  std::vector<NodeId> parts;
  ByteSet single;  // what is one byte, of all alternatives
  const auto append = [&](NodeId id) {
    const Node& part = node(id);
    if (part.kind == NodeKind::never) return;
    if (part.kind == NodeKind::byte_set) {
      single |= part.set;
    } else if (part.kind == NodeKind::bytes && part.text.size() == 1) {
      single.set(static_cast<uint8_t>(part.text[0]));
    } else {
      parts.push_back(id);
    }
  };
  for (const NodeId id : children) {
    const Node& child = node(id);
    if (child.kind == NodeKind::choice && child.children.size() <= joined_children_max) {
      for (const NodeId inner : child.children) append(inner);
    } else {
      append(id);
    }
  }
  if (single.any()) parts.push_back(byte_set(single));
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  if (parts.empty()) return never();
  if (parts.size() == 1) return parts[0];
  return add({.kind = NodeKind::choice, .children = std::move(parts)});
}

NodeId Grammar::repeat(NodeId child, uint32_t min, uint32_t max) {
  const Node& repeated = node(child);
  if (max == 0 || repeated.kind == NodeKind::nothing) return nothing();
  if (repeated.kind == NodeKind::never) return min == 0 ? nothing() : child;
  if (min == 1 && max == 1) return child;
  // Any number of any number of times is any number.
  if (repeated.kind == NodeKind::repeat && repeated.min == 0 && repeated.max == unbounded) return child;
  return add({.kind = NodeKind::repeat, .children = {child}, .min = min, .max = max});
}

RuleId Grammar::declare(std::string name) {
  size_bytes_ += sizeof(Rule) + name.size();
  rules_.push_back({.name = std::move(name)});
  return RuleId{static_cast<uint32_t>(rules_.size() - 1)};
}

void Grammar::define(RuleId rule, NodeId body) {
  Rule& defined = rules_[static_cast<size_t>(rule)];
  defined.body = body;
  defined.defined = true;
}

NodeId Grammar::include(const Grammar& other) {
  const auto first_node = static_cast<uint32_t>(nodes_.size());
  const auto first_rule = static_cast<uint32_t>(rules_.size());
  const auto moved = [&](NodeId id) { return NodeId{static_cast<uint32_t>(id) + first_node}; };
  for (const Node& node : other.nodes_) {
    Node& copy = nodes_.emplace_back(node);
    for (NodeId& child : copy.children) child = moved(child);
    copy.rule = RuleId{static_cast<uint32_t>(node.rule) + first_rule};
  }
  for (const Rule& rule : other.rules_) {
    rules_.push_back(rule);
    rules_.back().body = moved(rule.body);
  }
  size_bytes_ += other.size_bytes_;
  return moved(other.root_);
}

NodeId Grammar::refer(RuleId rule) { return add({.kind = NodeKind::rule, .rule = rule}); }

Result<void> Grammar::check() const {
  for (const Rule& rule : rules_) {
    if (!rule.defined)
      return fail(ErrorKind::invalid, fmt::format("rule '{}' is referred to but not defined", rule.name));
  }
  if (!has_root_) return fail(ErrorKind::invalid, "the grammar has no root");
  return {};
}

}  // namespace quire::constraint
