#include "text/constraint/pattern/pattern_dfa.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "text/constraint/hash.h"
#include "text/constraint/pattern/utf8_letters.h"

namespace quire::constraint {
namespace {

using Kind = PatternNode::Kind;
constexpr uint32_t none = PatternNode::none;
// Steps of threads: about a third of a second.
constexpr size_t work_max = 20'000'000;

// What is beside a place in the text.
enum Side : uint8_t { edge, word, line, other, side_count };
constexpr uint8_t bit(Side side) { return static_cast<uint8_t>(1 << side); }

// The automaton of a part over letters. accepts has a bit for each Side that may follow.
struct LetterDfa {
  Dfa dfa;
  std::array<uint32_t, side_count> begin{none, none, none, none};  // by what is before
  uint32_t universal = none;                                       // whoever is there has found what it looked for
};

struct World {
  const Pattern& pattern;
  Letters letters;
  std::vector<Side> side_of;     // a letter's
  uint8_t sides = 0;             // those that there are
  std::vector<LetterDfa> looks;  // those that are done
  size_t work = 0;
};

// A thread is a node and what else has to come true after it: an index of obligations_.
using Thread = uint64_t;
constexpr Thread thread(uint32_t node, uint32_t obligation) { return uint64_t{obligation} << 32 | node; }
constexpr uint32_t node_of(Thread thread) { return static_cast<uint32_t>(thread); }
constexpr uint32_t obligation_of(Thread thread) { return static_cast<uint32_t>(thread >> 32); }

struct Hash {
  size_t operator()(const std::vector<uint64_t>& values) const {
    uint64_t hash = values.size();
    for (const uint64_t value : values) hash = mix(hash, value);
    return hash;
  }
};

// The subset construction for one part. A state is what threads there are before the next character, what was before
// them, and how far each lookbehind is.
class Determinizer {
 public:
  Determinizer(World& world, const PatternPart& part)
      : world_(world), pattern_(world.pattern), part_(part), seen_(pattern_.nodes.size(), 0) {
    world_.work += pattern_.nodes.size();
    find_lookbehinds();
    obligations_.emplace_back();
    obligation_ids_[{}] = 0;
  }

  Result<LetterDfa> run(bool from_anywhere) {
    out_.dfa.letter_count = world_.letters.count();
    for (const Side before : {edge, word, line, other}) {
      if (before != edge && !from_anywhere) continue;
      State state{.before = before, .behinds = {}, .threads = close({thread(part_.begin, 0)})};
      for (const uint32_t look : lookbehinds_) state.behinds.push_back(world_.looks[look].begin[edge]);
      out_.begin[before] = number_of(std::move(state));
    }
    for (uint32_t index = 0; index < states_.size(); ++index) {
      expand(index);
      if (states_.size() > states_max) return std::unexpected(too_many_states());
      if (world_.work > work_max) return fail(ErrorKind::too_large, "the pattern takes too much work");
    }
    return std::move(out_);
  }

 private:
  struct State {
    Side before = edge;
    std::vector<uint32_t> behinds;
    std::vector<Thread> threads;  // sorted; none of them at a jump
  };
  using Obligation = std::vector<std::pair<uint32_t, uint32_t>>;  // looks and their states, sorted

  void find_lookbehinds() {
    std::vector<uint8_t> reached(pattern_.nodes.size(), 0);
    std::vector<uint32_t> pending{part_.begin};
    while (!pending.empty()) {
      const uint32_t index = pending.back();
      pending.pop_back();
      if (index == none || std::exchange(reached[index], 1) != 0) continue;
      const PatternNode& node = pattern_.nodes[index];
      if (node.kind == Kind::look && pattern_.looks[node.what].behind) lookbehinds_.push_back(node.what);
      pending.push_back(node.next);
      pending.push_back(node.other);
    }
    std::sort(lookbehinds_.begin(), lookbehinds_.end());
    lookbehinds_.erase(std::unique(lookbehinds_.begin(), lookbehinds_.end()), lookbehinds_.end());
  }

  uint32_t number_of(State state) {
    std::vector<uint64_t> key;
    key.reserve(1 + state.behinds.size() + state.threads.size());
    key.push_back(state.before);
    key.insert(key.end(), state.behinds.begin(), state.behinds.end());
    key.insert(key.end(), state.threads.begin(), state.threads.end());
    const auto [found, is_new] = numbers_.try_emplace(std::move(key), static_cast<uint32_t>(states_.size()));
    if (is_new) {
      states_.push_back(std::move(state));
      out_.dfa.add_state(false);
    }
    return found->second;
  }

  // Whether the thread is met for the first time since the last begin_visit().
  void begin_visit() {
    ++visit_;
    seen_obliged_.clear();
  }
  bool first_visit(Thread at) {
    ++world_.work;
    if (obligation_of(at) != 0) return seen_obliged_.insert(at).second;
    return std::exchange(seen_[node_of(at)], visit_) != visit_;
  }

  // The last one that is met for the first time, out of what is pending.
  std::optional<Thread> take(std::vector<Thread>& pending) {
    while (!pending.empty()) {
      const Thread at = pending.back();
      pending.pop_back();
      if (node_of(at) != none && first_visit(at)) return at;
    }
    return std::nullopt;
  }

  // Where these threads get without a look at what is around them. One that is in the rest without obligations needs no
  // other beside it.
  std::vector<Thread> close(std::vector<Thread> pending) {
    std::vector<Thread> out;
    begin_visit();
    while (const std::optional<Thread> taken = take(pending)) {
      const Thread at = *taken;
      const PatternNode& node = pattern_.nodes[node_of(at)];
      if (at == thread(part_.rest, 0)) return {thread(part_.rest, 0)};
      if (node.kind != Kind::jump || node_of(at) == part_.end) {
        out.push_back(at);
        continue;
      }
      pending.push_back(thread(node.next, obligation_of(at)));
      pending.push_back(thread(node.other, obligation_of(at)));
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  // The threads that read the next character, which is of this side; `accepts` becomes whether one is at the end.
  std::vector<Thread> readers(const State& state, Side next, bool& accepts) {
    std::vector<Thread> out, pending = state.threads;
    begin_visit();
    while (const std::optional<Thread> taken = take(pending)) {
      const Thread at = *taken;
      const PatternNode& node = pattern_.nodes[node_of(at)];
      if (node_of(at) == part_.end) {
        accepts |= is_fulfilled(obligation_of(at));
      } else if (node.kind == Kind::characters) {
        out.push_back(at);
      } else if (node.kind == Kind::jump) {
        pending.push_back(thread(node.next, obligation_of(at)));
        pending.push_back(thread(node.other, obligation_of(at)));
      } else if (node.kind == Kind::look && !pattern_.looks[node.what].behind) {
        const uint32_t begin = world_.looks[node.what].begin[state.before];
        const uint32_t more = with_obligation(obligation_of(at), node.what, begin);
        if (more != none) pending.push_back(thread(node.next, more));
      } else if (holds(node, state, next)) {
        pending.push_back(thread(node.next, obligation_of(at)));
      }
    }
    return out;
  }

  bool holds(const PatternNode& node, const State& state, Side next) const {
    switch (node.kind) {
      case Kind::text_begin:
        return state.before == edge;
      case Kind::text_end:
        return next == edge;
      case Kind::line_begin:
        return state.before == edge || state.before == line;
      case Kind::line_end:
        return next == edge || next == line;
      case Kind::word_edge:
        return (state.before == word) != (next == word);
      case Kind::no_word_edge:
        return (state.before == word) == (next == word);
      default:
        break;
    }
    const auto at = std::lower_bound(lookbehinds_.begin(), lookbehinds_.end(), node.what) - lookbehinds_.begin();
    const uint32_t there = state.behinds[static_cast<size_t>(at)];
    const bool found = there != none && (world_.looks[node.what].dfa.accepts[there] & bit(next)) != 0;
    return found != pattern_.looks[node.what].negative;
  }

  // What is left of an obligation to be in that state of a look: nothing (settled) or a broken promise.
  enum class Standing : uint8_t { open, settled, broken };
  Standing standing(uint32_t look, uint32_t state) const {
    const bool negative = pattern_.looks[look].negative;
    if (state == none) return negative ? Standing::settled : Standing::broken;
    if (state == world_.looks[look].universal) return negative ? Standing::broken : Standing::settled;
    return Standing::open;
  }
  bool is_fulfilled(uint32_t obligation) const {
    const Obligation& all = obligations_[obligation];
    return std::all_of(all.begin(), all.end(), [&](const auto& one) {
      const bool found = (world_.looks[one.first].dfa.accepts[one.second] & bit(edge)) != 0;
      return found != pattern_.looks[one.first].negative;
    });
  }
  uint32_t intern(Obligation obligation) {
    std::sort(obligation.begin(), obligation.end());
    obligation.erase(std::unique(obligation.begin(), obligation.end()), obligation.end());
    world_.work += obligation.size();
    const auto [found, is_new] = obligation_ids_.try_emplace(obligation, static_cast<uint32_t>(obligations_.size()));
    if (is_new) obligations_.push_back(std::move(obligation));
    return found->second;
  }
  // none where it cannot be kept.
  uint32_t with_obligation(uint32_t obligation, uint32_t look, uint32_t state) {
    const Standing now = standing(look, state);
    if (now == Standing::broken) return none;
    if (now == Standing::settled) return obligation;
    Obligation more = obligations_[obligation];
    more.emplace_back(look, state);
    return intern(std::move(more));
  }
  uint32_t step_obligation(uint32_t obligation, uint32_t letter) {
    if (obligation == 0) return 0;
    Obligation after;
    for (const auto& [look, state] : obligations_[obligation]) {
      const uint32_t target = world_.looks[look].dfa.step(state, letter);
      const Standing then = standing(look, target);
      if (then == Standing::broken) return none;
      if (then == Standing::open) after.emplace_back(look, target);
    }
    return intern(std::move(after));
  }

  void expand(uint32_t index) {
    const State state = states_[index];
    world_.work += out_.dfa.letter_count;  // a row of them, and as many lists of threads
    uint8_t accepts = 0;
    for (const Side next : {edge, word, line, other}) {
      if ((world_.sides & bit(next)) == 0) continue;
      bool accepted = false;
      const std::vector<Thread> threads = readers(state, next, accepted);
      if (accepted) accepts |= bit(next);
      if (next != edge) step(index, state, threads, next);
    }
    out_.dfa.accepts[index] = accepts;
  }

  void step(uint32_t index, const State& state, const std::vector<Thread>& threads, Side side) {
    std::vector<std::vector<Thread>> arrived(out_.dfa.letter_count);
    for (const Thread from : threads) {
      const PatternNode& node = pattern_.nodes[node_of(from)];
      for (const uint32_t letter : world_.letters.of_set(node.what)) {
        if (world_.side_of[letter] != side) continue;
        ++world_.work;
        const uint32_t obligation = step_obligation(obligation_of(from), letter);
        if (obligation != none) arrived[letter].push_back(thread(node.next, obligation));
      }
    }
    std::map<std::vector<Thread>, std::vector<Thread>> closed;  // many letters bring the same threads on
    for (uint32_t letter = 0; letter < arrived.size(); ++letter) {
      if (arrived[letter].empty()) continue;
      const auto [found, is_new] = closed.try_emplace(arrived[letter]);
      if (is_new) found->second = close(arrived[letter]);
      out_.dfa.set(index, letter, after(state, letter, found->second));
    }
  }
  uint32_t after(const State& state, uint32_t letter, const std::vector<Thread>& threads) {
    State next{.before = world_.side_of[letter], .behinds = state.behinds, .threads = threads};
    const bool universal = threads.size() == 1 && threads[0] == thread(part_.rest, 0);
    for (size_t at = 0; at < next.behinds.size(); ++at) {
      uint32_t& there = next.behinds[at];
      if (there != none) there = universal ? none : world_.looks[lookbehinds_[at]].dfa.step(there, letter);
    }
    if (universal) next.before = other;
    const uint32_t number = number_of(std::move(next));
    if (universal) out_.universal = number;
    return number;
  }

  World& world_;
  const Pattern& pattern_;
  const PatternPart& part_;
  std::vector<uint32_t> lookbehinds_;  // those that the part asks, sorted
  std::vector<Obligation> obligations_;
  std::map<Obligation, uint32_t> obligation_ids_;
  std::vector<State> states_;
  std::unordered_map<std::vector<uint64_t>, uint32_t, Hash> numbers_;
  std::vector<uint32_t> seen_;
  std::unordered_set<Thread> seen_obliged_;
  uint32_t visit_ = 0;
  LetterDfa out_;
};

Result<Letters> letters_of(const Pattern& pattern) {
  std::vector<CodePoints> sets = pattern.sets;
  if (pattern.has_words) sets.push_back(pattern.words);
  if (pattern.has_lines) sets.push_back(line_ends());
  return Letters::of(sets);
}

}  // namespace

Error too_many_states() {
  return {ErrorKind::too_large, fmt::format("the language takes more than {} states", states_max)};
}

Result<ByteDfa> to_dfa(const Pattern& pattern) {
  QUIRE_TRY(Letters letters, letters_of(pattern));
  World world{.pattern = pattern, .letters = std::move(letters), .side_of = {}, .sides = bit(edge), .looks = {}};
  world.side_of.resize(world.letters.count(), other);
  for (const Letters::Range& range : world.letters.ranges()) {
    if (pattern.has_words && contains(pattern.words, range.first)) world.side_of[range.letter] = word;
    if (pattern.has_lines && contains(line_ends(), range.first)) world.side_of[range.letter] = line;
  }
  for (const Side side : world.side_of) world.sides |= bit(side);
  for (const Look& look : pattern.looks) {
    QUIRE_TRY(LetterDfa automaton, Determinizer(world, look.part).run(!look.behind));
    world.looks.push_back(std::move(automaton));
  }
  QUIRE_TRY(LetterDfa whole, Determinizer(world, pattern.part).run(false));
  for (uint8_t& accepts : whole.dfa.accepts) accepts &= bit(edge);
  return in_bytes(minimal(whole.dfa), world.letters);
}

}  // namespace quire::constraint
