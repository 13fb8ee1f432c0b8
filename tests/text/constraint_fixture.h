// Grammars drawn at random, and a matcher that has nothing in common with the automaton.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/constraint/grammar/grammar.h"

namespace quire::constraint::test {

// Sets of places in a text, for each node and each place where it begins; found by going round until nothing is new.
// Texts of up to 62 bytes.
class PlainMatcher {
 public:
  PlainMatcher(const Grammar& grammar, std::string_view text)
      : grammar_(grammar),
        text_(text),
        productive_(grammar.node_count()),
        ends_(grammar.node_count(), std::vector<uint64_t>(text.size() + 1)),
        open_(grammar.node_count(), std::vector<bool>(text.size() + 1)) {
    for (bool changed = true; changed;) {
      changed = false;
      for (uint32_t node = 0; node < grammar.node_count(); ++node) changed = look(NodeId{node}) || changed;
    }
  }

  bool matches() const { return (ends_[index(grammar_.root())][0] >> text_.size() & 1) != 0; }
  // Something can be put behind the text, or nothing, so that it matches.
  bool is_prefix() const { return open_[index(grammar_.root())][0]; }

 private:
  using Node = Grammar::Node;
  using NodeKind = Grammar::NodeKind;
  static size_t index(NodeId id) { return static_cast<size_t>(id); }

  bool is_productive(const Node& node) const {
    const auto holds = [&](NodeId id) { return productive_[index(id)]; };
    switch (node.kind) {
      case NodeKind::nothing:
      case NodeKind::bytes:
      case NodeKind::byte_set:
        return true;
      case NodeKind::never:
        return false;
      case NodeKind::sequence:
        return std::all_of(node.children.begin(), node.children.end(), holds);
      case NodeKind::choice:
        return std::any_of(node.children.begin(), node.children.end(), holds);
      case NodeKind::repeat:
        return node.min == 0 || holds(node.children[0]);
      case NodeKind::rule:
        return holds(grammar_.body(node.rule));
    }
    return false;
  }

  // One more round over a node; true when something was learned.
  bool look(NodeId id) {
    const Node& node = grammar_.node(id);
    bool changed = false;
    if (!productive_[index(id)] && is_productive(node)) productive_[index(id)] = changed = true;
    for (size_t from = 0; from <= text_.size(); ++from) {
      bool open = false;
      const uint64_t ends = ends_of(node, from, open);
      open = (open || (ends >> text_.size() & 1) != 0 || from == text_.size()) && productive_[index(id)];
      changed = changed || ends != ends_[index(id)][from] || open != open_[index(id)][from];
      ends_[index(id)][from] = ends;
      open_[index(id)][from] = open;
    }
    return changed;
  }

  // `places` after one more child; open: the child may be in the middle at the end of the text.
  uint64_t after(NodeId child, uint64_t places, bool& open) const {
    uint64_t next = 0;
    for (size_t place = 0; place <= text_.size(); ++place) {
      if ((places >> place & 1) == 0) continue;
      next |= ends_[index(child)][place];
      open = open || open_[index(child)][place];
    }
    return next;
  }

  uint64_t ends_of(const Node& node, size_t from, bool& open) const {
    const uint64_t here = uint64_t{1} << from;
    const std::string_view rest = text_.substr(from);
    switch (node.kind) {
      case NodeKind::nothing:
        return here;
      case NodeKind::never:
        return 0;
      case NodeKind::bytes:
        open = node.text.starts_with(rest);
        return rest.starts_with(node.text) ? here << node.text.size() : 0;
      case NodeKind::byte_set:
        return !rest.empty() && node.set.test(static_cast<uint8_t>(rest[0])) ? here << 1 : 0;
      case NodeKind::sequence: {
        uint64_t places = here;
        for (const NodeId child : node.children) places = after(child, places, open);
        return places;
      }
      case NodeKind::choice: {
        uint64_t places = 0;
        for (const NodeId child : node.children) places |= after(child, here, open);
        return places;
      }
      case NodeKind::repeat: {
        uint64_t places = here, all = node.min == 0 ? here : 0;
        // More rounds than the text has bytes and than must be are of the empty text.
        for (uint32_t round = 1; round <= std::min<uint64_t>(node.max, node.min + text_.size() + 1) && places != 0;
             ++round) {
          places = after(node.children[0], places, open);
          if (round >= node.min) all |= places;
        }
        return all;
      }
      case NodeKind::rule:
        return after(grammar_.body(node.rule), here, open);
    }
    return 0;
  }

  const Grammar& grammar_;
  std::string_view text_;
  std::vector<bool> productive_;
  std::vector<std::vector<uint64_t>> ends_;
  std::vector<std::vector<bool>> open_;
};

// Of texts over a, b and c, with rules that call each other and themselves.
inline Grammar random_grammar(uint32_t seed) {
  std::mt19937 random(seed);
  Grammar grammar;
  std::vector<RuleId> rules;
  for (uint32_t rule = 0; rule < 1 + random() % 4; ++rule)
    rules.push_back(grammar.declare("rule " + std::to_string(rule)));
  std::vector<NodeId> nodes;
  const auto any = [&] { return nodes[random() % nodes.size()]; };
  const auto leaf = [&] {
    if (random() % 16 == 0) return random() % 2 == 0 ? grammar.nothing() : grammar.never();
    if (random() % 3 == 0) return grammar.byte_set(ByteSet(random() % 8) << 'a');
    std::string text;
    for (size_t size = 1 + random() % 3; size > 0; --size) text.push_back(static_cast<char>('a' + random() % 3));
    return grammar.bytes(text);
  };
  for (int count = 0; count < 4; ++count) nodes.push_back(leaf());
  for (const RuleId rule : rules) nodes.push_back(grammar.sequence({leaf(), grammar.refer(rule)}));
  for (const RuleId rule : rules) nodes.push_back(grammar.refer(rule));
  for (size_t count = 4 + random() % 12; count > 0; --count) {
    switch (random() % 4) {
      case 0:
        nodes.push_back(grammar.sequence({any(), any(), any()}));
        break;
      case 1:
        nodes.push_back(grammar.choice({any(), any(), any()}));
        break;
      case 2: {
        const auto min = static_cast<uint32_t>(random() % 4 == 0 ? 20 : random() % 4);
        const auto max =
            static_cast<uint32_t>(random() % 3 == 0 ? unbounded : min + random() % (random() % 2 == 0 ? 3 : 40));
        nodes.push_back(grammar.repeat(any(), static_cast<uint32_t>(min), static_cast<uint32_t>(max)));
        break;
      }
      case 3:
        nodes.push_back(leaf());
        break;
    }
  }
  for (const RuleId rule : rules) grammar.define(rule, grammar.choice({any(), leaf()}));
  grammar.set_root(any());
  return grammar;
}

inline std::vector<std::string> all_texts(std::string_view letters, size_t bytes_max) {
  std::vector<std::string> texts{""};
  for (size_t begin = 0, bytes = 0; bytes < bytes_max; ++bytes) {
    const size_t end = texts.size();
    for (; begin < end; ++begin) {
      for (const char letter : letters) texts.push_back(texts[begin] + letter);
    }
  }
  return texts;
}

}  // namespace quire::constraint::test
