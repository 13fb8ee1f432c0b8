#include "text/constraint/pattern/dfa_grammar.h"

#include <fmt/format.h>

#include <algorithm>
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
      : automaton_(automaton),
        grammar_(grammar),
        nothing_(grammar.nothing()),
        bytes_of_(automaton.dfa.letter_count),
        parts_(automaton.dfa.state_count()) {
    for (size_t byte = 0; byte < 256; ++byte) bytes_of_[automaton.letter_of[byte]].set(byte);
  }

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

  // Where a state leads, in order of the states, and by which bytes.
  std::vector<std::pair<uint32_t, ByteSet>> targets_of(uint32_t state) const {
    std::vector<std::pair<uint32_t, uint32_t>> ways;
    for (uint32_t letter = 0; letter < automaton_.dfa.letter_count; ++letter) {
      const uint32_t target = automaton_.dfa.step(state, letter);
      if (target != Dfa::none) ways.emplace_back(target, letter);
    }
    std::sort(ways.begin(), ways.end());
    std::vector<std::pair<uint32_t, ByteSet>> targets;
    for (const auto& [target, letter] : ways) {
      if (targets.empty() || targets.back().first != target) targets.emplace_back(target, ByteSet());
      targets.back().second |= bytes_of_[letter];
    }
    return targets;
  }

  Parts parts_of(uint32_t state) {
    const auto targets = targets_of(state);
    const bool accepts = automaton_.dfa.accepts[state] != 0;
    if (targets.empty()) return {.sets = {}, .end = accepts ? nothing_ : grammar_.never()};
    if (targets.size() == 1 && !accepts && targets[0].first != state) {
      Parts parts = take(targets[0].first);
      parts.sets.push_back(targets[0].second);
      return parts;
    }
    ByteSet loop;
    std::vector<NodeId> choices;
    for (const auto& [target, bytes] : targets) {
      if (target == state) {
        loop = bytes;
        continue;
      }
      Parts parts = take(target);
      parts.sets.push_back(bytes);
      choices.push_back(as_node(std::move(parts)));
    }
    if (accepts) choices.push_back(nothing_);
    NodeId end = choices.size() == 1 ? choices[0] : grammar_.choice(std::move(choices));
    if (loop.any()) {
      const NodeId loops = grammar_.repeat(grammar_.byte_set(loop), 0);
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
  std::vector<ByteSet> bytes_of_;  // by letter
  std::vector<RuleId> rules_;
  std::vector<Parts> parts_;
};

}  // namespace

NodeId add_automaton(const ByteDfa& automaton, Grammar& grammar) { return Writer(automaton, grammar).write(); }

}  // namespace quire::constraint
