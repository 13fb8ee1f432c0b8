#include "text/constraint/pattern/dfa.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <utility>

#include "text/constraint/hash.h"

namespace quire::constraint {
namespace {

// Elements 0 .. n-1 in sets that get finer: the marked ones of each set are split off (Valmari and Lehtinen, "Efficient
// minimization of DFAs with partial transition functions", 2008).
class Partition {
 public:
  explicit Partition(size_t count) : elements_(count), place_(count), set_(count, 0) {
    std::iota(elements_.begin(), elements_.end(), 0);
    std::iota(place_.begin(), place_.end(), 0);
    if (count > 0) sets_.push_back({0, static_cast<uint32_t>(count), 0});
  }
  // The initial sets: runs of these sizes, in order of the elements.
  Partition(size_t count, const std::vector<uint32_t>& sizes) : Partition(count) {
    sets_.clear();
    uint32_t begin = 0;
    for (const uint32_t size : sizes) {
      if (size == 0) continue;
      std::fill_n(set_.begin() + begin, size, static_cast<uint32_t>(sets_.size()));
      sets_.push_back({begin, begin + size, 0});
      begin += size;
    }
  }

  size_t set_count() const { return sets_.size(); }
  uint32_t set_of(uint32_t element) const { return set_[element]; }
  uint32_t size_of(uint32_t set) const { return sets_[set].end - sets_[set].begin; }
  uint32_t element(uint32_t set, uint32_t index) const { return elements_[sets_[set].begin + index]; }

  void mark(uint32_t element) {
    Set& set = sets_[set_[element]];
    const uint32_t to = set.begin + set.marked;
    if (place_[element] < to) return;
    if (set.marked++ == 0) touched_.push_back(set_[element]);
    const uint32_t from = place_[element];
    std::swap(elements_[from], elements_[to]);
    place_[elements_[from]] = from;
    place_[element] = to;
  }
  // The smaller part of each set that has marks becomes a new one.
  void split() {
    for (const uint32_t index : touched_) {
      Set& set = sets_[index];
      const uint32_t middle = set.begin + std::exchange(set.marked, 0);
      if (middle == set.end) continue;
      Set part = set;
      if (middle - set.begin <= set.end - middle) {
        part.end = set.begin = middle;
      } else {
        part.begin = set.end = middle;
      }
      const auto name = static_cast<uint32_t>(sets_.size());
      for (uint32_t at = part.begin; at < part.end; ++at) set_[elements_[at]] = name;
      sets_.push_back(part);
    }
    touched_.clear();
  }

 private:
  struct Set {
    uint32_t begin = 0, end = 0, marked = 0;
  };
  std::vector<uint32_t> elements_, place_, set_, touched_;
  std::vector<Set> sets_;
};

// Rows of numbers, one after another: what leads to a state.
struct Incoming {
  std::vector<uint32_t> begin, item;
  Incoming(size_t states, const std::vector<uint32_t>& targets) : begin(states + 1, 0), item(targets.size()) {
    for (const uint32_t target : targets) ++begin[target + 1];
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    std::vector<uint32_t> at(begin.begin(), begin.end() - 1);
    for (uint32_t index = 0; index < targets.size(); ++index) item[at[targets[index]]++] = index;
  }
};

// Which states are on a way from 0 to an accepting one.
std::vector<uint8_t> useful_states(const Dfa& dfa) {
  const size_t count = dfa.state_count();
  std::vector<uint8_t> reached(count, 0), useful(count, 0);
  std::vector<uint32_t> pending{0}, sources, targets;
  reached[0] = 1;
  while (!pending.empty()) {
    const uint32_t state = pending.back();
    pending.pop_back();
    for (uint32_t letter = 0; letter < dfa.letter_count; ++letter) {
      const uint32_t target = dfa.step(state, letter);
      if (target == Dfa::none) continue;
      sources.push_back(state);
      targets.push_back(target);
      if (std::exchange(reached[target], 1) == 0) pending.push_back(target);
    }
  }
  const Incoming incoming(count, targets);
  for (uint32_t state = 0; state < count; ++state) {
    if (reached[state] && dfa.accepts[state]) {
      useful[state] = 1;
      pending.push_back(state);
    }
  }
  while (!pending.empty()) {
    const uint32_t state = pending.back();
    pending.pop_back();
    for (uint32_t at = incoming.begin[state]; at < incoming.begin[state + 1]; ++at) {
      const uint32_t source = sources[incoming.item[at]];
      if (std::exchange(useful[source], 1) == 0) pending.push_back(source);
    }
  }
  return useful;
}

// One state for all that are in one block, numbered breadth first from 0's. Only useful states are in it.
template <typename BlockOf>
Dfa quotient(const Dfa& dfa, size_t block_count, BlockOf block_of, const std::vector<uint8_t>& useful) {
  Dfa out{.letter_count = dfa.letter_count};
  std::vector<uint32_t> number(block_count, Dfa::none), sample;
  const auto number_of = [&](uint32_t state) {
    uint32_t& known = number[block_of(state)];
    if (known == Dfa::none) {
      known = out.add_state(dfa.accepts[state] != 0);
      sample.push_back(state);
    }
    return known;
  };
  number_of(0);
  for (uint32_t state = 0; state < sample.size(); ++state) {
    for (uint32_t letter = 0; letter < dfa.letter_count; ++letter) {
      const uint32_t target = dfa.step(sample[state], letter);
      if (target != Dfa::none && useful[target]) out.set(state, letter, number_of(target));
    }
  }
  return out;
}

// Letters that no state tells apart become one; the numbers follow the first bytes.
void merge_letters(ByteDfa& automaton) {
  const Dfa& dfa = automaton.dfa;
  const uint32_t count = dfa.letter_count;
  // Row by row, as they lie: a hash of each letter's column, and whether letters of one hash are really the same.
  std::vector<uint64_t> hashes(count, 0);
  for (size_t at = 0; at < dfa.next.size(); ++at) {
    uint64_t& hash = hashes[at % count];
    hash = mix(hash, dfa.next[at]);
  }
  std::map<uint64_t, uint32_t> first_of_hash;
  std::vector<uint32_t> first(count);
  for (const uint32_t letter : automaton.letter_of) {
    first[letter] = first_of_hash.try_emplace(hashes[letter], letter).first->second;
  }
  for (size_t row = 0; row < dfa.next.size(); row += count) {
    for (uint32_t letter = 0; letter < count; ++letter) {
      if (dfa.next[row + letter] != dfa.next[row + first[letter]]) first[letter] = letter;
    }
  }
  std::vector<uint32_t> kept, number(count, Dfa::none);
  for (const uint32_t letter : automaton.letter_of) {
    if (number[letter] != Dfa::none) continue;
    if (first[letter] == letter) kept.push_back(letter);
    number[letter] = first[letter] == letter ? static_cast<uint32_t>(kept.size() - 1) : number[first[letter]];
  }
  Dfa out{.letter_count = static_cast<uint32_t>(kept.size()), .next = {}, .accepts = dfa.accepts};
  out.next.reserve(dfa.state_count() * kept.size());
  for (uint32_t state = 0; state < dfa.state_count(); ++state) {
    for (const uint32_t letter : kept) out.next.push_back(dfa.step(state, letter));
  }
  for (uint8_t& letter : automaton.letter_of) letter = static_cast<uint8_t>(number[letter]);
  automaton.dfa = std::move(out);
}

}  // namespace

Dfa minimal(const Dfa& dfa) {
  const std::vector<uint8_t> useful = useful_states(dfa);
  if (useful[0] == 0) {
    Dfa out{.letter_count = dfa.letter_count};
    out.add_state(false);
    return out;
  }
  const auto each_transition = [&](auto visit) {
    for (uint32_t state = 0; state < dfa.state_count(); ++state) {
      if (!useful[state]) continue;
      for (uint32_t letter = 0; letter < dfa.letter_count; ++letter) {
        const uint32_t target = dfa.step(state, letter);
        if (target != Dfa::none && useful[target]) visit(state, letter, target);
      }
    }
  };
  std::vector<uint32_t> letter_sizes(dfa.letter_count, 0);
  each_transition([&](uint32_t, uint32_t letter, uint32_t) { ++letter_sizes[letter]; });
  std::vector<uint32_t> at(dfa.letter_count, 0);
  std::exclusive_scan(letter_sizes.begin(), letter_sizes.end(), at.begin(), 0U);
  std::vector<uint32_t> sources(std::accumulate(letter_sizes.begin(), letter_sizes.end(), size_t{0})),
      targets(sources.size());
  each_transition([&](uint32_t state, uint32_t letter, uint32_t target) {
    sources[at[letter]] = state;
    targets[at[letter]++] = target;
  });
  const Incoming incoming(dfa.state_count(), targets);
  Partition blocks(dfa.state_count()), cords(sources.size(), letter_sizes);
  for (uint32_t state = 0; state < dfa.state_count(); ++state) {
    if (!useful[state]) blocks.mark(state);
  }
  blocks.split();
  for (uint32_t state = 0; state < dfa.state_count(); ++state) {
    if (dfa.accepts[state] && useful[state]) blocks.mark(state);
  }
  blocks.split();
  // Each cord of transitions splits the blocks of its sources, each block but one the cords that lead to it.
  uint32_t block = 1;
  for (uint32_t cord = 0; cord < cords.set_count(); ++cord) {
    for (uint32_t index = 0; index < cords.size_of(cord); ++index) blocks.mark(sources[cords.element(cord, index)]);
    blocks.split();
    for (; block < blocks.set_count(); ++block) {
      for (uint32_t index = 0; index < blocks.size_of(block); ++index) {
        const uint32_t state = blocks.element(block, index);
        for (uint32_t in = incoming.begin[state]; in < incoming.begin[state + 1]; ++in) cords.mark(incoming.item[in]);
      }
      cords.split();
    }
  }
  return quotient(
      dfa, blocks.set_count(), [&](uint32_t state) { return blocks.set_of(state); }, useful);
}

ByteDfa canonical(ByteDfa automaton) {
  merge_letters(automaton);
  automaton.dfa = minimal(automaton.dfa);
  merge_letters(automaton);
  return automaton;
}

ByteDfa renumbered(ByteDfa automaton) {
  merge_letters(automaton);
  const Dfa& dfa = automaton.dfa;
  automaton.dfa = quotient(dfa, dfa.state_count(), std::identity(), std::vector<uint8_t>(dfa.state_count(), 1));
  return automaton;
}

ByteDfa from_edges(const std::vector<std::vector<ByteEdge>>& states, const std::vector<uint8_t>& accepts) {
  std::array<bool, 257> begins{};
  begins[0] = true;
  for (const auto& edges : states) {
    for (const ByteEdge& edge : edges) begins[edge.first] = begins[edge.last + size_t{1}] = true;
  }
  ByteDfa out;
  uint32_t letters = 0;
  for (size_t byte = 0; byte < 256; ++byte) {
    if (begins[byte]) ++letters;
    out.letter_of[byte] = static_cast<uint8_t>(letters - 1);
  }
  out.dfa.letter_count = letters;
  out.dfa.accepts = accepts;
  out.dfa.next.assign(states.size() * letters, Dfa::none);
  for (uint32_t state = 0; state < states.size(); ++state) {
    for (const ByteEdge& edge : states[state]) {
      for (uint32_t letter = out.letter_of[edge.first]; letter <= out.letter_of[edge.last]; ++letter) {
        out.dfa.set(state, letter, edge.target);
      }
    }
  }
  return out;
}

}  // namespace quire::constraint
