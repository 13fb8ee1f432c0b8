#include "text/constraint/pattern/regular.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "text/constraint/pattern/dfa_grammar.h"
#include "text/constraint/pattern/pattern.h"
#include "text/constraint/pattern/pattern_dfa.h"
#include "text/unicode.h"

namespace quire::constraint {
namespace {

using Edges = std::vector<ByteEdge>;

// Adds the states inside of a character: those that lead to `target` after one, two and three more bytes, and those
// after a lead byte that allows but a part of them. The edges of a whole character are the result.
Edges character_edges(std::vector<Edges>& states, uint32_t target) {
  const auto add = [&](Edges edges) {
    states.push_back(std::move(edges));
    return static_cast<uint32_t>(states.size() - 1);
  };
  const uint32_t one = add({{0x80, 0xBF, target}});
  const uint32_t two = add({{0x80, 0xBF, one}});
  const uint32_t three = add({{0x80, 0xBF, two}});
  const uint32_t long_two = add({{0xA0, 0xBF, one}});       // after E0: no shorter form
  const uint32_t no_surrogates = add({{0x80, 0x9F, one}});  // after ED
  const uint32_t long_three = add({{0x90, 0xBF, two}});     // after F0
  const uint32_t to_the_last = add({{0x80, 0x8F, two}});    // after F4: up to U+10FFFF
  return {{0x00, 0x7F, target},     {0xC2, 0xDF, one},           {0xE0, 0xE0, long_two},
          {0xE1, 0xEC, two},        {0xED, 0xED, no_surrogates}, {0xEE, 0xEF, two},
          {0xF0, 0xF0, long_three}, {0xF1, 0xF3, three},         {0xF4, 0xF4, to_the_last}};
}

enum class Operation : uint8_t { both, either, without };

// The pairs of states that a text can lead to, none standing for a text that one of them does not know.
class Product {
 public:
  Product(const ByteDfa& left, const ByteDfa& right, Operation operation)
      : left_(left), right_(right), operation_(operation) {}

  Result<ByteDfa> run() {
    std::map<std::pair<uint8_t, uint8_t>, uint8_t> letters;
    for (size_t byte = 0; byte < 256; ++byte) {
      const std::pair both(left_.letter_of[byte], right_.letter_of[byte]);
      const auto [found, is_new] = letters.try_emplace(both, static_cast<uint8_t>(letters.size()));
      if (is_new) letters_.push_back(both);
      out_.letter_of[byte] = found->second;
    }
    out_.dfa.letter_count = static_cast<uint32_t>(letters_.size());
    number_of(0, 0);
    for (uint32_t state = 0; state < pairs_.size(); ++state) {
      const auto [left, right] = pairs_[state];
      for (uint32_t letter = 0; letter < letters_.size(); ++letter) {
        out_.dfa.set(
            state, letter,
            number_of(step(left_.dfa, left, letters_[letter].first), step(right_.dfa, right, letters_[letter].second)));
      }
      if (pairs_.size() > states_max) return std::unexpected(too_many_states());
    }
    return canonical(std::move(out_));
  }

 private:
  static uint32_t step(const Dfa& dfa, uint32_t state, uint32_t letter) {
    return state == Dfa::none ? Dfa::none : dfa.step(state, letter);
  }
  static bool accepts(const Dfa& dfa, uint32_t state) { return state != Dfa::none && dfa.accepts[state] != 0; }
  bool is_accepting(uint32_t left, uint32_t right) const {
    const bool in_left = accepts(left_.dfa, left), in_right = accepts(right_.dfa, right);
    switch (operation_) {
      case Operation::both:
        return in_left && in_right;
      case Operation::either:
        return in_left || in_right;
      case Operation::without:
        return in_left && !in_right;
    }
    return false;
  }
  bool is_over(uint32_t left, uint32_t right) const {
    const bool no_left = left == Dfa::none, no_right = right == Dfa::none;
    switch (operation_) {
      case Operation::both:
        return no_left || no_right;
      case Operation::either:
        return no_left && no_right;
      case Operation::without:
        return no_left;
    }
    return false;
  }
  uint32_t number_of(uint32_t left, uint32_t right) {
    if (is_over(left, right)) return Dfa::none;
    const auto [found, is_new] =
        numbers_.try_emplace(uint64_t{left} << 32 | right, static_cast<uint32_t>(pairs_.size()));
    if (is_new) {
      pairs_.emplace_back(left, right);
      out_.dfa.add_state(is_accepting(left, right));
    }
    return found->second;
  }

  const ByteDfa& left_;
  const ByteDfa& right_;
  Operation operation_;
  std::vector<std::pair<uint8_t, uint8_t>> letters_;
  std::vector<std::pair<uint32_t, uint32_t>> pairs_;
  std::unordered_map<uint64_t, uint32_t> numbers_;
  ByteDfa out_;
};

// The edges of a state of `automaton`, but those by bytes that `skips` names.
template <typename Skips>
Edges edges_of(const ByteDfa& automaton, uint32_t state, Skips skips) {
  Edges edges;
  for (size_t index = 0; index < 256; ++index) {
    const auto byte = static_cast<uint8_t>(index);
    const uint32_t target = automaton.step(state, byte);
    if (target == Dfa::none || skips(byte)) continue;
    if (!edges.empty() && edges.back().target == target && edges.back().last + 1 == byte) {
      edges.back().last = byte;
    } else {
      edges.push_back({byte, byte, target});
    }
  }
  return edges;
}

// The letter of a byte's short form in a JSON string, 0 where it has none.
char short_escape(uint8_t byte) {
  switch (byte) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

// The states after a backslash, shared where they lead to the same.
class Escapes {
 public:
  Escapes(const ByteDfa& automaton, std::vector<Edges>& states) : automaton_(automaton), states_(states) {}

  // The edge by a backslash, if any escaped character leads on.
  void add_to(Edges& edges, uint32_t state) {
    Edges after;
    for (const char escaped : std::string_view("\"\\\b\f\n\r\t")) {
      const auto byte = static_cast<uint8_t>(escaped);
      const uint32_t target = automaton_.step(state, byte);
      const auto name = static_cast<uint8_t>(short_escape(byte));
      if (target != Dfa::none) after.push_back({name, name, target});
    }
    Edges tens;
    for (const int high : {0, 1}) {
      Edges digits;
      for (int low = 0; low < 16; ++low) {
        const auto byte = static_cast<uint8_t>(high * 16 + low);
        const uint32_t target = automaton_.step(state, byte);
        if (target == Dfa::none || short_escape(byte) != 0) continue;
        for (const char* name : {"0123456789abcdef", "0123456789ABCDEF"}) {
          const auto digit = static_cast<uint8_t>(name[low]);
          if (digits.empty() || digits.back().first != digit) digits.push_back({digit, digit, target});
        }
      }
      const auto name = static_cast<uint8_t>('0' + high);
      if (!digits.empty()) tens.push_back({name, name, intern(std::move(digits))});
    }
    if (!tens.empty()) after.push_back({'u', 'u', intern({{'0', '0', intern({{'0', '0', intern(std::move(tens))}})}})});
    if (!after.empty()) edges.push_back({'\\', '\\', intern(std::move(after))});
  }

 private:
  uint32_t intern(Edges edges) {
    const auto [found, is_new] = known_.try_emplace(edges, static_cast<uint32_t>(states_.size()));
    if (is_new) states_.push_back(std::move(edges));
    return found->second;
  }

  const ByteDfa& automaton_;
  std::vector<Edges>& states_;
  std::map<Edges, uint32_t> known_;
};

// The minimal automaton of texts that come sorted: once the next text leaves a state, nothing more comes to it, and it
// is the one that has the same ways, if there is one (Daciuk and others, "Incremental construction of minimal acyclic
// finite-state automata", 2000).
class ListBuilder {
 public:
  void add(std::string_view text) {
    const auto same = std::mismatch(text.begin(), text.end(), last_.begin(), last_.end());
    const auto common = static_cast<size_t>(same.first - text.begin());
    settle(common);
    for (const char byte : text.substr(common)) {
      path_.back().edges.push_back({static_cast<uint8_t>(byte), static_cast<uint8_t>(byte), 0});
      path_.emplace_back();
    }
    path_.back().accepts = 1;
    last_ = text;
  }
  size_t state_count() const { return states_.size() + path_.size(); }
  ByteDfa build() {
    settle(0);
    states_[0] = std::move(path_[0].edges);
    accepts_[0] = path_[0].accepts;
    return renumbered(from_edges(states_, accepts_));
  }

 private:
  struct Open {
    Edges edges;
    uint8_t accepts = 0;
    auto operator<=>(const Open&) const = default;
  };
  // What is deeper than this becomes states.
  void settle(size_t depth) {
    for (; path_.size() > depth + 1; path_.pop_back()) {
      const auto [found, is_new] = known_.try_emplace(path_.back(), static_cast<uint32_t>(states_.size()));
      if (is_new) {
        states_.push_back(path_.back().edges);
        accepts_.push_back(path_.back().accepts);
      }
      path_[path_.size() - 2].edges.back().target = found->second;
    }
  }

  std::string_view last_;
  std::vector<Open> path_ = std::vector<Open>(1);  // of the last text, byte by byte
  std::vector<Edges> states_ = std::vector<Edges>(1);
  std::vector<uint8_t> accepts_ = {0};
  std::map<Open, uint32_t> known_;
};

}  // namespace

Result<Regular> Regular::parse(std::string_view pattern, Match match) {
  QUIRE_TRY(const Pattern parsed, parse_pattern(pattern, match));
  QUIRE_TRY(ByteDfa automaton, to_dfa(parsed));
  return Regular(std::move(automaton));
}

Regular Regular::nothing() { return Regular(canonical(from_edges({{}}, {0}))); }

Regular Regular::any() {
  std::vector<Edges> states(1);
  Edges edges = character_edges(states, 0);
  states[0] = std::move(edges);
  std::vector<uint8_t> accepts(states.size(), 0);
  accepts[0] = 1;
  return Regular(canonical(from_edges(states, accepts)));
}

Result<Regular> Regular::of(std::span<const std::string> texts) {
  std::vector<std::string_view> sorted(texts.begin(), texts.end());
  std::sort(sorted.begin(), sorted.end());
  ListBuilder builder;
  for (const std::string_view text : sorted) {
    if (!is_valid_utf8(text)) return fail(ErrorKind::invalid, "a text that is not valid UTF-8");
    builder.add(text);
    if (builder.state_count() > states_max) return std::unexpected(too_many_states());
  }
  return Regular(builder.build());
}

Result<Regular> Regular::characters(uint64_t min, uint64_t max) {
  if (min > max) return nothing();
  const bool endless = max == UINT64_MAX;
  const uint64_t counted = endless ? min : max;
  if (counted >= states_max / 8) return std::unexpected(too_many_states());
  std::vector<Edges> states(counted + 1);  // how many there were
  for (uint64_t count = 0; count <= counted; ++count) {
    if (count == counted && !endless) break;
    Edges edges = character_edges(states, static_cast<uint32_t>(std::min(count + 1, counted)));
    states[count] = std::move(edges);
  }
  std::vector<uint8_t> accepts(states.size(), 0);
  for (uint64_t count = min; count <= counted; ++count) accepts[count] = 1;
  return Regular(canonical(from_edges(states, accepts)));
}

Result<Regular> Regular::both(const Regular& other) const {
  QUIRE_TRY(ByteDfa automaton, Product(automaton_, other.automaton_, Operation::both).run());
  return Regular(std::move(automaton));
}
Result<Regular> Regular::either(const Regular& other) const {
  QUIRE_TRY(ByteDfa automaton, Product(automaton_, other.automaton_, Operation::either).run());
  return Regular(std::move(automaton));
}
Result<Regular> Regular::without(const Regular& other) const {
  QUIRE_TRY(ByteDfa automaton, Product(automaton_, other.automaton_, Operation::without).run());
  return Regular(std::move(automaton));
}

bool Regular::is_empty() const { return state_count() == 1 && automaton_.dfa.accepts[0] == 0; }

bool Regular::matches(std::string_view text) const {
  uint32_t state = 0;
  for (const char byte : text) {
    state = automaton_.step(state, static_cast<uint8_t>(byte));
    if (state == Dfa::none) return false;
  }
  return automaton_.dfa.accepts[state] != 0;
}

Result<Regular> Regular::as_json_string() const {
  const auto is_escaped = [](uint8_t byte) { return byte < 0x20 || short_escape(byte) != 0; };
  std::vector<Edges> states(state_count());
  Escapes escapes(automaton_, states);
  for (uint32_t state = 0; state < state_count(); ++state) {
    Edges edges = edges_of(automaton_, state, is_escaped);
    escapes.add_to(edges, state);
    states[state] = std::move(edges);
    if (states.size() > states_max) return std::unexpected(too_many_states());
  }
  std::vector<uint8_t> accepts = automaton_.dfa.accepts;
  accepts.resize(states.size(), 0);
  return Regular(canonical(from_edges(states, accepts)));
}

NodeId Regular::add_to(Grammar& grammar) const { return add_automaton(automaton_, grammar); }

}  // namespace quire::constraint
