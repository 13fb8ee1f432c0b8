// Which tokens may come next at a state of an automaton.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "text/constraint/automaton/automaton.h"
#include "text/constraint/masks/token_trie.h"

namespace quire::constraint {

// Bytes that one constraint may keep in memory. Over them it forgets what no answer is at, and finds it again when it
// is needed: they change how long a mask takes, never what is in it.
struct MemoryBounds {
  size_t automaton_bytes = size_t{24} << 20;
  size_t masks_bytes = size_t{24} << 20;
};

// An automaton, a vocabulary, and what has been learned of both. One thread.
//
// A mask is put together from what machines with the same caller may do before they return, which is the same wherever
// they were called from, and is found once; and from what follows where a token goes on in the caller, which is found
// by walking only those ends of tokens.
class Masks {
 public:
  Masks(Automaton automaton, std::shared_ptr<const TokenTrie> trie, MemoryBounds bounds);

  Automaton& automaton() { return automaton_; }
  const TokenTrie& trie() const { return *trie_; }
  size_t size_bytes() const { return automaton_.size_bytes() + masks_bytes_; }

  // Masks that were put together so far, and not found among those of before.
  size_t made_count() const { return made_count_; }

  // From so many moves of machines on no mask is finished: what is found of one then is of no use. For trying a
  // grammar.
  void limit_moves(size_t moves_max) { moves_max_ = moves_max; }

  // Sets the bits of the tokens that may come at `state` in `mask`, which has trie().mask_words() words.
  // REQUIRES: `state` is pinned.
  void add_allowed(const StateId& state, std::span<uint64_t> mask);

  // States that are held across calls: where they are, they get new numbers when others are forgotten.
  void pin(StateId& state) { pinned_.push_back(&state); }
  void unpin(StateId& state) { std::erase(pinned_, &state); }
  // Forgets what is over the bounds. Calls above do so by themselves; after a step without a mask it is the caller's.
  void trim();

 private:
  static constexpr size_t part_count = TokenTrie::part_bytes_max.size();
  // A set of tokens, in whichever form is shorter.
  struct TokenSet {
    std::vector<TokenId> tokens;
    std::vector<uint64_t> words;  // empty: `tokens` has them
    size_t size_bytes() const { return tokens.capacity() * sizeof(TokenId) + words.capacity() * sizeof(uint64_t); }
    void add_to(std::span<uint64_t> mask) const;
  };
  // Where tokens go on in the caller: nodes by their bytes.
  struct Exits {
    std::vector<uint32_t> nodes;
    std::array<uint32_t, 257> first{};  // by byte
  };
  struct LocalMask {
    TokenSet tokens;
    std::unique_ptr<const Exits> exits;  // none: no token leaves
  };
  // Machines with one caller, and where they return to. The states are pinned.
  struct Group {
    std::array<StateId, part_count> local{};  // for each part of the trie
    StateId caller = dead_state;
    std::array<std::shared_ptr<const LocalMask>, part_count> masks{};
  };
  struct Exit {
    uint8_t byte;
    uint32_t node;
  };

  std::vector<Group> groups_of(StateId state);
  StateId local_state(std::span<const Machine> machines, size_t part);
  Frame with_few_rounds(Frame frame, uint32_t bytes_max) const;
  std::shared_ptr<const LocalMask> local_mask(const StateId& state, size_t part);
  // Where all bytes of some groups, and whole characters beyond ASCII, lead from a state: to one other or back to it.
  struct Loop {
    uint64_t groups = 0;
    StateId next = dead_state;
  };
  const Loop& loop_of(StateId state);
  Loop find_loop(StateId state);
  bool all_characters_lead(StateId state, StateId next);
  bool find_chain(StateId from, size_t bytes_max);
  // Sets the bits in `mask` of the tokens at and below the nodes [first, last) of a part, which are children of one
  // node, read from `from`. Returns how many they are.
  size_t walk(size_t part, uint32_t first, uint32_t last, StateId from, std::span<uint64_t> mask,
              std::vector<Exit>* exits);
  static TokenSet as_set(std::span<const uint64_t> words, size_t count);  // of `count` bits
  const TokenTrie::Part& part_of(size_t part) const { return trie_->part(part); }
  void forget_states(std::span<StateId> walked);

  Automaton automaton_;
  std::shared_ptr<const TokenTrie> trie_;
  MemoryBounds bounds_;
  std::vector<StateId*> pinned_;
  std::unordered_map<StateId, TokenSet> masks_;
  std::array<std::unordered_map<StateId, std::shared_ptr<const LocalMask>>, part_count> local_masks_;
  size_t masks_bytes_ = 0;
  size_t made_count_ = 0;
  size_t moves_max_ = std::numeric_limits<size_t>::max();
  std::unordered_map<StateId, Loop> loops_;
  // Scratch.
  // Where characters of chain_groups_ lead, one by one. The last one lets none of them on if the chain ends there; else
  // they lead back to it, or it is as far as a token reaches.
  std::vector<StateId> chain_;
  uint64_t chain_groups_ = 0;
  bool chain_ends_ = false;
  std::vector<StateId> path_;         // states by depth in the trie
  std::vector<uint16_t> characters_;  // ... and characters of the chain
};

}  // namespace quire::constraint
