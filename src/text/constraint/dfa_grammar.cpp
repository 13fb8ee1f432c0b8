#include "text/constraint/dfa_grammar.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace quire::constraint {
namespace {

// What a state has to say, last part first: sets of bytes, and a node at the end.
struct Parts {
  std::vector<ByteSet> sets;
  NodeId end = {};
};

class Writer {
 public:
  Writer(const ByteDfa& automaton, Grammar& grammar)
      : automaton_(automaton), grammar_(grammar), nothing_(grammar.nothing()), parts_(automaton.dfa.state_count()) {}

  NodeId write() {
    const size_t count = automaton_.dfa.state_count();
    std::vector<uint32_t> ways_in(count, 0);
    ways_in[0] = 1;
    for (uint32_t state = 0; state < count; ++state) {
      for (const auto& [target, bytes] : targets_of(state)) ways_in[target] += target != state;
    }
    rules_.resize(count, no_rule);
    for (uint32_t state = 0; state < count; ++state) {
      if (ways_in[state] > 1) rules_[state] = grammar_.declare(fmt::format("state {}", state));
    }
    // States are numbered breadth first, so that the only way to one comes from a smaller number.
    for (auto state = static_cast<uint32_t>(count); state-- > 0;) {
      parts_[state] = parts_of(state);
      if (rules_[state] == no_rule) continue;
      grammar_.define(rules_[state], as_node(std::exchange(parts_[state], {})));
    }
    return rules_[0] == no_rule ? as_node(std::move(parts_[0])) : grammar_.refer(rules_[0]);
  }

 private:
  static constexpr RuleId no_rule{UINT32_MAX};

  std::map<uint32_t, ByteSet> targets_of(uint32_t state) const {
    std::map<uint32_t, ByteSet> targets;
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t target = automaton_.step(state, static_cast<uint8_t>(byte));
      if (target != Dfa::none) targets[target].set(byte);
    }
    return targets;
  }

  Parts parts_of(uint32_t state) {
    std::map<uint32_t, ByteSet> targets = targets_of(state);
    const bool accepts = automaton_.dfa.accepts[state] != 0;
    if (targets.empty()) return {.sets = {}, .end = accepts ? nothing_ : grammar_.never()};
    if (targets.size() == 1 && !accepts && targets.begin()->first != state) {
      Parts parts = take(targets.begin()->first);
      parts.sets.push_back(targets.begin()->second);
      return parts;
    }
    const auto loop = targets.extract(state);
    std::vector<NodeId> choices;
    for (const auto& [target, bytes] : targets) {
      Parts parts = take(target);
      parts.sets.push_back(bytes);
      choices.push_back(as_node(std::move(parts)));
    }
    if (accepts) choices.push_back(nothing_);
    NodeId end = choices.size() == 1 ? choices[0] : grammar_.choice(std::move(choices));
    if (!loop.empty()) {
      const NodeId loops = grammar_.repeat(grammar_.byte_set(loop.mapped()), 0);
      end = end == nothing_ ? loops : grammar_.sequence({loops, end});
    }
    return {.sets = {}, .end = end};
  }
  // What comes at a state.
  Parts take(uint32_t state) {
    if (rules_[state] == no_rule) return std::exchange(parts_[state], {});
    return {.sets = {}, .end = grammar_.refer(rules_[state])};
  }
  NodeId as_node(Parts parts) {
    std::vector<NodeId> sequence;
    std::string text;  // single bytes, as long as nothing else comes
    const auto end_text = [&] {
      if (!text.empty()) sequence.push_back(grammar_.bytes(std::exchange(text, {})));
    };
    for (size_t index = parts.sets.size(); index-- > 0;) {
      const ByteSet& set = parts.sets[index];
      if (set.count() == 1) {
        text.push_back(static_cast<char>(set._Find_first()));
        continue;
      }
      end_text();
      sequence.push_back(grammar_.byte_set(set));
    }
    end_text();
    if (parts.end != nothing_ || sequence.empty()) sequence.push_back(parts.end);
    return sequence.size() == 1 ? sequence[0] : grammar_.sequence(std::move(sequence));
  }

  const ByteDfa& automaton_;
  Grammar& grammar_;
  NodeId nothing_;
  std::vector<RuleId> rules_;
  std::vector<Parts> parts_;
};

}  // namespace

NodeId add_automaton(const ByteDfa& automaton, Grammar& grammar) { return Writer(automaton, grammar).write(); }

}  // namespace quire::constraint
