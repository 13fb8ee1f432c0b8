// A language of bytes as rules: what schemas, expressions and grammars become before there are tokens.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace quire::constraint {

using ByteSet = std::bitset<256>;
enum class NodeId : uint32_t {};
enum class RuleId : uint32_t {};
inline constexpr uint32_t unbounded = std::numeric_limits<uint32_t>::max();

// Built once by a front end, then read. Nodes are values in one array, and refer to earlier ones alone; loops go
// through rules. Nothing here recurses, so that no input decides how deep a stack gets. One thread.
class Grammar {
 public:
  enum class NodeKind : uint8_t { nothing, never, bytes, byte_set, sequence, choice, repeat, rule };
  struct Node {
    NodeKind kind = NodeKind::nothing;
    std::string text = {};              // bytes
    ByteSet set = {};                   // byte_set
    std::vector<NodeId> children = {};  // sequence, choice, and the one of a repeat
    uint32_t min = 0, max = 0;          // repeat
    RuleId rule = {};                   // rule
  };

  NodeId nothing();  // the empty text
  NodeId never();    // no text at all
  NodeId bytes(std::string_view text);
  NodeId byte_set(const ByteSet& set);
  // One character of these ranges of code points (both ends in them), as UTF-8. Surrogates are never in them.
  NodeId characters(std::span<const std::pair<char32_t, char32_t>> ranges);
  NodeId sequence(std::vector<NodeId> children);
  NodeId choice(std::vector<NodeId> children);
  // REQUIRES: min <= max.
  NodeId repeat(NodeId child, uint32_t min, uint32_t max = unbounded);

  // A rule may be referred to before it is defined.
  RuleId declare(std::string name);
  void define(RuleId rule, NodeId body);
  NodeId refer(RuleId rule);
  // All of another grammar, under numbers of its own here; returns its root. REQUIRES: it has one.
  NodeId include(const Grammar& other);
  void set_root(NodeId root) {
    root_ = root;
    has_root_ = true;
  }

  // Every declared rule is defined and there is a root; else an error that names what is missing.
  Result<void> check() const;

  const Node& node(NodeId id) const { return nodes_[static_cast<size_t>(id)]; }
  const std::string& name(RuleId rule) const { return rules_[static_cast<size_t>(rule)].name; }
  NodeId body(RuleId rule) const { return rules_[static_cast<size_t>(rule)].body; }
  NodeId root() const { return root_; }
  size_t node_count() const { return nodes_.size(); }
  size_t rule_count() const { return rules_.size(); }
  // Bytes that all of it takes, about: front ends stop over a bound.
  size_t size_bytes() const { return size_bytes_; }

 private:
  struct Rule {
    std::string name;
    NodeId body = {};
    bool defined = false;
  };
  NodeId add(Node node);

  std::vector<Node> nodes_;
  std::vector<Rule> rules_;
  NodeId root_ = {};
  bool has_root_ = false;
  std::optional<NodeId> nothing_, never_;  // one of each is enough
  size_t size_bytes_ = 0;
};

}  // namespace quire::constraint
