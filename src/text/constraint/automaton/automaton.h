// The texts of a grammar, byte by byte: which have begun well, and which are complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/constraint/automaton/program.h"
#include "text/constraint/automaton/stacks.h"
#include "text/constraint/grammar/grammar.h"

namespace quire::constraint {

enum class StateId : uint32_t {};
// From here no text can be completed.
inline constexpr StateId dead_state{};

// One machine of a state: at a position that reads, with a stack.
struct Machine {
  uint32_t position = 0;
  StackId stack = empty_stack;
  auto operator<=>(const Machine&) const = default;
};

// A state with more machines, or a stack of more frames, is none: its texts are taken out of the language. A grammar
// that comes that far is ambiguous beyond use, or a text nested beyond what reads it.
constexpr size_t machines_max = 4096;
constexpr uint32_t stack_frames_max = 1024;

// A pushdown automaton, made deterministic as far as texts go: a state is the set of all machines that a text may have
// brought a program to. Sets are interned, steps memoized. What is memoized never changes what is accepted.
// One thread. States are numbers that keep() alone changes.
class Automaton {
 public:
  explicit Automaton(std::shared_ptr<const Program> program);
  static Result<Automaton> compile(const Grammar& grammar, const ByteSet& spelled = ByteSet().set());

  StateId begin() const { return begin_; }
  StateId step(StateId state, uint8_t byte) {
    const uint32_t next = next_[static_cast<size_t>(state) * class_count_ + program_->class_of[byte]];
    return next != not_known ? StateId{next} : find_step(state, program_->class_of[byte]);
  }
  StateId step(StateId state, std::string_view text);
  // The text is complete here; it may go on all the same.
  bool accepts(StateId state) const { return states_[static_cast<size_t>(state)].accepts; }
  // The bytes after which the text can still be completed.
  ByteSet live(StateId state);
  // What must come next, as far as there is no other way on, and up to `bytes_max` bytes.
  std::string forced(StateId state, size_t bytes_max);

  bool matches(std::string_view text) { return accepts(step(begin(), text)); }
  bool is_prefix(std::string_view text) { return step(begin(), text) != dead_state; }

  // For masks: the machines of a state, and the state of a set of machines after whatever they do without reading.
  std::span<const Machine> machines(StateId state) const;
  StateId state_of(std::span<const Machine> machines);
  Stacks& stacks() { return stacks_; }
  const Program& program() const { return *program_; }

  size_t state_count() const { return states_.size(); }
  size_t size_bytes() const;
  // Moves of machines so far: what all of it has cost.
  size_t moved_count() const { return moved_count_; }
  // Forgets everything but these states, and gives them their new numbers.
  void keep(std::span<StateId* const> states);

 private:
  struct State {
    size_t first = 0;  // in machines_
    uint32_t count = 0;
    bool accepts = false;
  };
  static constexpr uint32_t not_known = 0xffffffff;

  StateId find_step(StateId state, uint8_t byte_class);
  StateId close();
  bool follow(const Machine& machine);
  bool add(uint32_t position, StackId stack);
  bool is_new(const Machine& machine);
  void drop_longer_rounds();
  StateId intern(bool accepts);
  void insert(uint32_t state);
  void clear();

  std::shared_ptr<const Program> program_;
  size_t class_count_;
  Stacks stacks_;
  std::vector<State> states_;
  std::vector<Machine> machines_;  // of all states, sorted in each
  std::vector<uint32_t> next_;     // (states, class_count_)
  std::vector<uint32_t> table_;    // of states_, by hash of their machines; a power of two, at most half full
  StateId begin_ = dead_state;
  size_t moved_count_ = 0;

  // Scratch of one step.
  std::vector<Machine> pending_;  // everything met so far, in order
  std::vector<Machine> reading_;  // those of it that read
  std::vector<uint32_t> seen_;    // of pending_, by hash; used when there are many
  bool accepting_ = false;
};

}  // namespace quire::constraint
