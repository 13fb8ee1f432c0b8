#include "text/constraint/masks/masks.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace quire::constraint {
namespace {

// How many nodes are walked between looks at what the automaton takes.
constexpr size_t nodes_between_looks = 256;
// Of fewer nodes, looking for loops takes longer than it saves.
constexpr uint32_t loops_nodes_min = 4096;
// For longer tokens, of which there are few, each state of the chain takes more to find than it saves.
constexpr size_t chain_max = 16;
// For tokens longer still: a text that must not be empty is found, and each state of a text that counts looked at once.
constexpr size_t long_tokens_chain_max = 2;
// Places in the middle of a character; more of them are no text that may be anything.
constexpr size_t characters_states_max = 8;

void set_bit(std::span<uint64_t> mask, TokenId token, bool value = true) {
  mask[static_cast<size_t>(token) / 64] |= uint64_t{value} << (static_cast<size_t>(token) % 64);
}

void add_words(std::span<uint64_t> mask, std::span<const uint64_t> words) {
  for (size_t index = 0; index < words.size(); ++index) mask[index] |= words[index];
}

}  // namespace

void Masks::TokenSet::add_to(std::span<uint64_t> mask) const {
  for (const TokenId token : tokens) set_bit(mask, token);
  add_words(mask, words);
}

Masks::Masks(Automaton automaton, std::shared_ptr<const TokenTrie> trie, MemoryBounds bounds)
    : automaton_(std::move(automaton)),
      trie_(std::move(trie)),
      bounds_(bounds),
      path_(size_t{1} + trie_->bytes_max()),
      characters_(path_.size()) {}

Masks::TokenSet Masks::as_set(std::span<const uint64_t> words, size_t count) {
  if (count * sizeof(TokenId) > words.size_bytes()) return {.words = {words.begin(), words.end()}};
  TokenSet set;
  set.tokens.reserve(count);
  for (size_t index = 0; index < words.size(); ++index) {
    for (uint64_t bits = words[index]; bits != 0; bits &= bits - 1) {
      set.tokens.push_back(static_cast<TokenId>(index * 64 + static_cast<size_t>(std::countr_zero(bits))));
    }
  }
  return set;
}

void Masks::trim() {
  if (masks_bytes_ > bounds_.masks_bytes) {
    masks_.clear();
    for (auto& masks : local_masks_) masks.clear();
    masks_bytes_ = 0;
  }
  if (automaton_.size_bytes() > bounds_.automaton_bytes) forget_states({});
}

void Masks::forget_states(std::span<StateId> walked) {
  std::vector<StateId*> kept = pinned_;
  for (StateId& state : walked) kept.push_back(&state);
  automaton_.keep(kept);
  loops_.clear();
  masks_.clear();
  for (auto& masks : local_masks_) masks.clear();
  masks_bytes_ = 0;
}

// A round as one that no text of `bytes_max` bytes can tell from it: how many are missing to the lower bound and left
// to the upper one counts only as far as such a text can begin so many. (A round is not empty, so it is one fewer than
// there are bytes: the first of them is of this round.)
Frame Masks::with_few_rounds(Frame frame, uint32_t bytes_max) const {
  const Repeat& repeat = automaton_.program().repeats[frame.repeat];
  if (frame.round < repeat.min) {
    if (repeat.min - frame.round + 1 >= bytes_max) frame.round = round_before_min;
  } else if (repeat.max == unbounded || repeat.max - frame.round + 1 >= bytes_max) {
    frame.round = round_between;
  }
  return frame;
}

// The state of these machines with nothing on their stacks but the rounds that they are in.
StateId Masks::local_state(std::span<const Machine> machines, size_t part) {
  Stacks& stacks = automaton_.stacks();
  std::vector<Machine> local;
  std::vector<Frame> rounds;
  for (const Machine& machine : machines) {
    rounds.clear();
    for (StackId stack = machine.stack; stack != empty_stack && stacks.top(stack).is_round();
         stack = stacks.below(stack)) {
      rounds.push_back(with_few_rounds(stacks.top(stack), part_of(part).bytes_max));
    }
    StackId stack = empty_stack;
    for (size_t index = rounds.size(); index-- > 0;) stack = stacks.push(stack, rounds[index]);
    local.push_back({.position = machine.position, .stack = stack});
  }
  return automaton_.state_of(local);
}

std::vector<Masks::Group> Masks::groups_of(StateId state) {
  Stacks& stacks = automaton_.stacks();
  std::vector<std::pair<StackId, Machine>> by_caller;
  for (const Machine& machine : automaton_.machines(state)) {
    StackId caller = machine.stack;
    while (caller != empty_stack && stacks.top(caller).is_round()) caller = stacks.below(caller);
    by_caller.emplace_back(caller, machine);
  }
  std::sort(by_caller.begin(), by_caller.end());
  std::vector<Group> groups;
  for (size_t begin = 0; begin < by_caller.size();) {
    const StackId caller = by_caller[begin].first;
    std::vector<Machine> machines;
    for (; begin < by_caller.size() && by_caller[begin].first == caller; ++begin) {
      machines.push_back(by_caller[begin].second);
    }
    Group& group = groups.emplace_back();
    for (size_t part = 0; part < part_count; ++part) group.local[part] = local_state(machines, part);
    if (caller == empty_stack) continue;
    const Machine returned{.position = stacks.top(caller).position, .stack = stacks.below(caller)};
    group.caller = automaton_.state_of({&returned, 1});
  }
  return groups;
}

// Whether each well-formed character beyond ASCII leads from `state` to `next`, and nowhere out (Unicode 15, table
// 3-7).
bool Masks::all_characters_lead(StateId state, StateId next) {
  struct Row {
    uint8_t first, last;  // of the first byte
    uint8_t second, second_last;
    int more;  // bytes after the second
  };
  constexpr Row rows[] = {{0xc2, 0xdf, 0x80, 0xbf, 0}, {0xe0, 0xe0, 0xa0, 0xbf, 1}, {0xe1, 0xec, 0x80, 0xbf, 1},
                          {0xed, 0xed, 0x80, 0x9f, 1}, {0xee, 0xef, 0x80, 0xbf, 1}, {0xf0, 0xf0, 0x90, 0xbf, 2},
                          {0xf1, 0xf3, 0x80, 0xbf, 2}, {0xf4, 0xf4, 0x80, 0x8f, 2}};
  std::vector<StateId> places, after;
  const auto read = [&](uint8_t first, uint8_t last) {
    after.clear();
    for (const StateId place : places) {
      for (unsigned byte = first; byte <= last; ++byte)
        after.push_back(automaton_.step(place, static_cast<uint8_t>(byte)));
    }
    std::sort(after.begin(), after.end());
    after.erase(std::unique(after.begin(), after.end()), after.end());
    places.swap(after);
    const auto leaves = [&](StateId place) { return automaton_.accepts(place); };
    return places.size() <= characters_states_max && places.front() != dead_state &&
           std::none_of(places.begin(), places.end(), leaves);
  };
  for (const Row& row : rows) {
    places = {state};
    if (!read(row.first, row.last) || !read(row.second, row.second_last)) return false;
    for (int byte = 0; byte < row.more; ++byte) {
      if (!read(0x80, 0xbf)) return false;
    }
    if (places.size() != 1 || places[0] != next) return false;
  }
  return true;
}

const Masks::Loop& Masks::loop_of(StateId state) {
  const auto [at, is_new] = loops_.try_emplace(state);
  if (is_new) at->second = find_loop(state);
  return at->second;
}

// Where a letter or a digit leads, everything of its kind may.
Masks::Loop Masks::find_loop(StateId state) {
  Loop loop;
  for (const char first : {'a', 'A', '0'}) {
    if (loop.next == dead_state) loop.next = automaton_.step(state, static_cast<uint8_t>(first));
  }
  if (loop.next == dead_state) return {};
  loop.groups = ~uint64_t{0};
  const auto leads = [&](unsigned byte) { return automaton_.step(state, static_cast<uint8_t>(byte)) == loop.next; };
  for (unsigned byte = 0; byte < 0x80; ++byte) {
    if (!leads(byte)) loop.groups &= ~byte_group(static_cast<uint8_t>(byte));
  }
  for (unsigned byte = 0x80; byte < 0x100; ++byte) {
    if (!leads(byte)) loop.groups &= ~other_bytes_group;
  }
  const bool any_byte = (loop.groups & other_bytes_group) != 0;
  if (!any_byte && !all_characters_lead(state, loop.next)) loop.groups &= ~characters_group;
  // Where bytes are counted, a character is not one step.
  if (any_byte && loop.next != state) loop.groups &= ~(other_bytes_group | characters_group);
  return loop;
}

// From `from` on, as within a string that may have so many characters more or must have so many: chain_, of one state
// where the number does not matter. False: there is none, or what becomes of longer texts is not known.
bool Masks::find_chain(StateId from, size_t bytes_max) {
  chain_ = {from};
  chain_ends_ = false;
  const Loop& first = loop_of(from);
  chain_groups_ = first.groups;
  if (chain_groups_ == 0 || automaton_.accepts(from)) return false;
  const size_t size_max = bytes_max <= chain_max ? bytes_max + 1 : long_tokens_chain_max;
  for (StateId last = from, next = first.next; next != last && chain_.size() < size_max;) {
    if (automaton_.accepts(next)) return false;
    chain_.push_back(next);
    const Loop& loop = loop_of(next);
    chain_ends_ = loop.next == dead_state;
    if (chain_ends_) break;
    if ((chain_groups_ &= loop.groups) == 0) return false;
    last = std::exchange(next, loop.next);
  }
  if (!chain_ends_) return chain_.size() > bytes_max || loop_of(chain_.back()).next == chain_.back();
  // The last one must be a dead end for all of them.
  const ByteSet live = automaton_.live(chain_.back());
  for (unsigned byte = 0; byte < 0x100; ++byte) {
    const uint64_t group = byte < 0x80 ? byte_group(static_cast<uint8_t>(byte)) : characters_group;
    if ((chain_groups_ & group) != 0 && live.test(byte)) return false;
  }
  return true;
}

size_t Masks::walk(size_t part, uint32_t first, uint32_t last, StateId from, std::span<uint64_t> mask,
                   std::vector<Exit>* exits) {
  const TokenTrie::Part& trie = part_of(part);
  if (first == last) return 0;
  const TokenTrie::Node* const nodes = trie.nodes.data();
  const uint16_t top = nodes[first].depth - 1;
  StateId* const path = path_.data();
  path[top] = from;
  // In a text that may be anything, as a string's inside, whole branches of the trie change nothing, or all that counts
  // is how many characters there are. (Of those above `first` none is counted.)
  bool has_chain = last - first > loops_nodes_min && find_chain(from, part_of(part).bytes_max);
  if (top > 0 && chain_ends_) has_chain = false;
  const size_t read_max = chain_ends_ ? chain_.size() : chain_.size() - 1;  // further ones are like this
  characters_[top] = 0;
  size_t count = 0;
  const auto add = [&](uint32_t token, uint32_t end) {
    count += end - token;
    for (; token < end; ++token) set_bit(mask, trie.tokens[token]);
  };
  const auto add_counted = [&](uint32_t token, uint32_t end) {
    for (; token < end; ++token) {
      const bool is_within = trie.characters[token] < chain_.size();
      set_bit(mask, trie.tokens[token], is_within);
      count += is_within ? 1 : 0;
    }
  };
  uint32_t begin = first;
  // The whole part is walked, and within a string: what is text alone is known at once.
  if (has_chain && first == 1 && (text_groups & ~chain_groups_) == 0) {
    begin = trie.text_end;
    if (chain_ends_) {
      add_counted(0, nodes[begin].token);
    } else {
      count = nodes[begin].token;
      add_words(mask, trie.text_mask);
    }
  }
  size_t looked = 0;
  for (uint32_t index = begin; index < last && automaton_.moved_count() <= moves_max_;) {
    const TokenTrie::Node& node = nodes[index];
    const StateId state = automaton_.step(path[node.depth - 1], node.byte);
    if (state == dead_state) {
      index = node.end;
      continue;
    }
    path[node.depth] = state;
    const size_t more = (node.byte & 0xc0) != 0x80 ? 1 : 0;
    const auto read = static_cast<uint16_t>(std::min(characters_[node.depth - 1] + more, read_max));
    characters_[node.depth] = read;
    const bool in_chain =
        has_chain && read < chain_.size() && state == chain_[read] && (trie.below[index] & ~chain_groups_) == 0;
    const uint32_t walked = in_chain ? node.end : index + 1;
    if (in_chain && chain_ends_) {
      add_counted(node.token, nodes[walked].token);
    } else {
      add(node.token, nodes[walked].token);
    }
    if (exits != nullptr && automaton_.accepts(state)) {
      for (uint32_t child = index + 1; child < node.end; child = nodes[child].end) {
        exits->push_back({.byte = nodes[child].byte, .node = child});
      }
    }
    if (++looked % nodes_between_looks == 0 && automaton_.size_bytes() > 2 * bounds_.automaton_bytes) {
      forget_states(std::span(path_).subspan(top, node.depth - top + 1));
      has_chain = false;
    }
    index = walked;
  }
  return count;
}

std::shared_ptr<const Masks::LocalMask> Masks::local_mask(const StateId& state, size_t part) {
  if (const auto known = local_masks_[part].find(state); known != local_masks_[part].end()) return known->second;
  std::vector<Exit> exits;
  std::vector<uint64_t> words(trie_->mask_words());
  const size_t count = walk(part, 1, static_cast<uint32_t>(part_of(part).node_count()), state, words, &exits);
  auto mask = std::make_shared<LocalMask>();
  mask->tokens = as_set(words, count);
  size_t bytes = sizeof(LocalMask) + mask->tokens.size_bytes();
  if (!exits.empty()) {
    auto sorted = std::make_unique<Exits>();
    for (const Exit& exit : exits) ++sorted->first[exit.byte + size_t{1}];
    for (size_t byte = 0; byte < 256; ++byte) sorted->first[byte + 1] += sorted->first[byte];
    std::array<uint32_t, 257> next = sorted->first;
    sorted->nodes.resize(exits.size());
    for (const Exit& exit : exits) sorted->nodes[next[exit.byte]++] = exit.node;
    bytes += sizeof(Exits) + sorted->nodes.size() * sizeof(uint32_t);
    mask->exits = std::move(sorted);
  }
  masks_bytes_ += bytes;
  local_masks_[part].emplace(state, mask);
  return mask;
}

void Masks::add_allowed(const StateId& state, std::span<uint64_t> mask) {
  QUIRE_CHECK(mask.size() == trie_->mask_words(), "a mask has a bit for each token");
  if (const auto known = masks_.find(state); known != masks_.end()) return known->second.add_to(mask);
  ++made_count_;
  trim();
  std::vector<Group> groups = groups_of(state);
  const size_t pinned_before = pinned_.size();
  for (Group& group : groups) {
    for (StateId& local : group.local) pin(local);
    pin(group.caller);
  }
  std::vector<uint64_t> words(trie_->mask_words());
  for (Group& group : groups) {
    for (size_t part = 0; part < part_count; ++part) {
      if (group.local[part] == dead_state) continue;
      group.masks[part] = local_mask(group.local[part], part);
      const Exits* exits = group.masks[part]->exits.get();
      if (exits == nullptr || group.caller == dead_state) continue;
      const ByteSet live = automaton_.live(group.caller);
      for (size_t byte = live._Find_first(); byte < 256; byte = live._Find_next(byte)) {
        for (uint32_t index = exits->first[byte]; index < exits->first[byte + 1]; ++index) {
          const uint32_t node = exits->nodes[index];
          walk(part, node, part_of(part).nodes[node].end, group.caller, words, nullptr);
        }
      }
    }
  }
  pinned_.resize(pinned_before);
  for (const Group& group : groups) {
    for (const auto& local : group.masks) {
      if (local != nullptr) local->tokens.add_to(words);
    }
  }
  TokenSet set{.words = std::move(words)};
  set.add_to(mask);
  masks_bytes_ += set.size_bytes() + sizeof(TokenSet);
  masks_.emplace(state, std::move(set));
}

}  // namespace quire::constraint
