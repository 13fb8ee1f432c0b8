// The shortest way to end a text that has begun well. Header only: those who use it link quire_text.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/constraint/automaton/automaton.h"

namespace quire::test {

// What each position of a program still has to read is found once (Knuth, A generalization of Dijkstra's algorithm,
// 1977); a machine has to read that and what its stack asks for. Each byte of the end makes it shorter by one, so that
// nothing is searched. One thread.
class ShortestEnds {
 public:
  // Borrowed for its life.
  explicit ShortestEnds(constraint::Automaton& automaton)
      : automaton_(automaton),
        program_(automaton.program()),
        rest_(program_.instructions.size(), endless),
        after_(program_.repeats.size()) {
    for (const constraint::Instruction& instruction : program_.instructions) {
      if (instruction.op == constraint::Op::loop) after_[instruction.value] = instruction.next;
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (uint32_t position = 0; position < rest_.size(); ++position) {
        const uint64_t rest = rest_of(program_.instructions[position]);
        changed = changed || rest < rest_[position];
        rest_[position] = std::min(rest_[position], rest);
      }
    }
  }

  // What makes the text at `state` complete, in letters where there is a choice. None: from dead_state, where it is
  // longer than `bytes_max`, and where the automaton's own bounds are in the way.
  std::optional<std::string> end_of(constraint::StateId state, size_t bytes_max) {
    std::string end;
    while (state != constraint::dead_state && !automaton_.accepts(state)) {
      if (end.size() == bytes_max) return std::nullopt;
      const uint8_t byte = best_of(state);
      end.push_back(static_cast<char>(byte));
      state = automaton_.step(state, byte);
    }
    if (state == constraint::dead_state) return std::nullopt;
    return end;
  }

 private:
  static constexpr uint64_t endless = uint64_t{1} << 62;
  static uint64_t sum(uint64_t left, uint64_t right) { return std::min(left + right, endless); }
  static uint64_t times(uint64_t count, uint64_t size) {
    return size != 0 && count > endless / size ? endless : count * size;
  }

  uint8_t best_of(constraint::StateId state) {
    uint8_t best = 0;
    uint64_t least = endless;
    constraint::ByteSet tried;  // classes
    for (const uint8_t byte : preferred()) {
      if (tried.test(program_.class_of[byte])) continue;
      tried.set(program_.class_of[byte]);
      const uint64_t rest = rest_of(automaton_.step(state, byte));
      if (rest >= least) continue;
      least = rest;
      best = byte;
    }
    return best;
  }

  // All bytes: letters, digits, other signs, and then blanks and what cannot be seen.
  static const std::array<uint8_t, 256>& preferred() {
    static const std::array<uint8_t, 256> bytes = [] {
      constexpr std::string_view first = "abcdefghijklmnopqrstuvwxyz1234567890";
      std::array<uint8_t, 256> all{};
      for (size_t byte = 0; byte < all.size(); ++byte) all[byte] = static_cast<uint8_t>(byte);
      std::ranges::stable_sort(all, {}, [&](uint8_t byte) {
        return std::min(first.find(static_cast<char>(byte)), first.size() + (byte <= ' ' ? 1 : 0));
      });
      return all;
    }();
    return bytes;
  }

  // Bytes from a position to where its frame of the stack ends: a rule, or a round.
  uint64_t rest_of(const constraint::Instruction& instruction) const {
    switch (instruction.op) {
      case constraint::Op::leave:
      case constraint::Op::loop:
        return 0;
      case constraint::Op::read:
        return sum(1, rest_[instruction.next]);
      case constraint::Op::call:
        return sum(rest_[instruction.value], rest_[instruction.next]);
      case constraint::Op::split: {
        uint64_t least = endless;
        for (const uint32_t target : std::span(program_.edges).subspan(instruction.value, instruction.count)) {
          least = std::min(least, rest_[target]);
        }
        return least;
      }
      case constraint::Op::enter: {
        const constraint::Repeat& repeat = program_.repeats[instruction.value];
        return sum(times(repeat.min, rest_[repeat.body]), rest_[instruction.next]);
      }
    }
    return endless;
  }

  uint64_t rest_of(constraint::StateId state) const {
    if (automaton_.accepts(state)) return 0;
    uint64_t least = endless;
    for (const constraint::Machine& machine : automaton_.machines(state)) least = std::min(least, rest_of(machine));
    return least;
  }

  uint64_t rest_of(const constraint::Machine& machine) const {
    uint64_t rest = rest_[machine.position];
    for (constraint::StackId stack = machine.stack; stack != constraint::empty_stack;) {
      const constraint::Frame& frame = automaton_.stacks().top(stack);
      if (frame.is_round()) {
        const constraint::Repeat& repeat = program_.repeats[frame.repeat];
        const uint32_t rounds = repeat.min > frame.round ? repeat.min - frame.round : 0;
        rest = sum(rest, sum(times(rounds, rest_[repeat.body]), rest_[after_[frame.repeat]]));
      } else {
        rest = sum(rest, rest_[frame.position]);
      }
      stack = automaton_.stacks().below(stack);
    }
    return rest;
  }

  constraint::Automaton& automaton_;
  const constraint::Program& program_;
  std::vector<uint64_t> rest_;   // of each position
  std::vector<uint32_t> after_;  // of each repeat: the position that comes after it
};

}  // namespace quire::test
