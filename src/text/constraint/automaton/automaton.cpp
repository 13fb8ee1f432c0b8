#include "text/constraint/automaton/automaton.h"

#include <algorithm>

#include "text/constraint/hash.h"

namespace quire::constraint {
namespace {

constexpr uint32_t no_entry = 0xffffffff;
// So many machines are compared one by one; more are looked up.
constexpr size_t compared_max = 12;

uint64_t hash_of(const Machine& machine) { return mix(mix(0, machine.position), static_cast<uint64_t>(machine.stack)); }

uint64_t hash_of(std::span<const Machine> machines, bool accepts) {
  uint64_t hash = accepts;
  for (const Machine& machine : machines) hash = mix(mix(hash, machine.position), static_cast<uint64_t>(machine.stack));
  return hash;
}

}  // namespace

Automaton::Automaton(std::shared_ptr<const Program> program)
    : program_(std::move(program)), class_count_(program_->class_count) {
  clear();
  const Machine first{.position = program_->begin};
  begin_ = state_of({&first, 1});
}

Result<Automaton> Automaton::compile(const Grammar& grammar, const ByteSet& spelled) {
  QUIRE_TRY(Program program, constraint::compile(grammar, spelled));
  return Automaton(std::make_shared<const Program>(std::move(program)));
}

void Automaton::clear() {
  stacks_ = {};
  states_.assign(1, {});
  machines_.clear();
  next_.assign(class_count_, 0);
  table_.assign(64, no_entry);
}

std::span<const Machine> Automaton::machines(StateId state) const {
  const State& found = states_[static_cast<size_t>(state)];
  return std::span(machines_).subspan(found.first, found.count);
}

StateId Automaton::step(StateId state, std::string_view text) {
  for (const char byte : text) state = step(state, static_cast<uint8_t>(byte));
  return state;
}

ByteSet Automaton::live(StateId state) {
  ByteSet classes;
  for (size_t byte_class = 0; byte_class < class_count_; ++byte_class) {
    uint32_t next = next_[static_cast<size_t>(state) * class_count_ + byte_class];
    if (next == not_known) next = static_cast<uint32_t>(find_step(state, static_cast<uint8_t>(byte_class)));
    classes.set(byte_class, next != 0);
  }
  ByteSet bytes;
  for (size_t byte = 0; byte < 256; ++byte) bytes.set(byte, classes.test(program_->class_of[byte]));
  return bytes;
}

std::string Automaton::forced(StateId state, size_t bytes_max) {
  std::string text;
  while (text.size() < bytes_max && !accepts(state)) {
    // From each machine a text can be completed: what they read is what may come, but for bounds of the automaton.
    ByteSet classes;
    for (const Machine& machine : machines(state)) {
      classes |= program_->sets[program_->instructions[machine.position].value];
    }
    if (classes.count() != 1) break;
    const auto is_read = [&](uint8_t byte_class) { return classes.test(byte_class); };
    if (std::ranges::count_if(program_->class_of, is_read) != 1) break;
    const auto byte = std::ranges::find_if(program_->class_of, is_read) - program_->class_of.begin();
    const StateId next = step(state, static_cast<uint8_t>(byte));
    if (next == dead_state) break;
    text.push_back(static_cast<char>(byte));
    state = next;
  }
  return text;
}

StateId Automaton::find_step(StateId state, uint8_t byte_class) {
  pending_.clear();
  const State& from = states_[static_cast<size_t>(state)];
  moved_count_ += from.count;
  bool within = true;
  for (size_t index = 0; index < from.count; ++index) {
    const Machine machine = machines_[from.first + index];
    const Instruction& read = program_->instructions[machine.position];
    if (program_->sets[read.value].test(byte_class)) within = within && add(read.next, machine.stack);
  }
  const StateId next = within ? close() : dead_state;
  next_[static_cast<size_t>(state) * class_count_ + byte_class] = static_cast<uint32_t>(next);
  return next;
}

StateId Automaton::state_of(std::span<const Machine> machines) {
  pending_.clear();
  bool within = true;
  for (const Machine& machine : machines) within = within && add(machine.position, machine.stack);
  return within ? close() : dead_state;
}

// pending_ with all that its machines do before they read.
StateId Automaton::close() {
  reading_.clear();
  accepting_ = false;
  for (size_t index = 0; index < pending_.size(); ++index) {
    if (!follow(pending_[index])) return dead_state;
  }
  moved_count_ += pending_.size();
  if (reading_.empty() && !accepting_) return dead_state;
  std::sort(reading_.begin(), reading_.end());
  drop_longer_rounds();
  return intern(accepting_);
}

// Adds what `machine` may do without reading to pending_. False: over a bound.
bool Automaton::follow(const Machine& machine) {
  const auto [position, stack] = machine;
  const Instruction& instruction = program_->instructions[position];
  switch (instruction.op) {
    case Op::read:
      reading_.push_back(machine);
      return true;
    case Op::leave:
      if (stack == empty_stack) {
        accepting_ = true;
        return true;
      }
      return add(stacks_.top(stack).position, stacks_.below(stack));
    case Op::split:
      for (uint32_t index = 0; index < instruction.count; ++index) {
        if (!add(program_->edges[instruction.value + index], stack)) return false;
      }
      return true;
    case Op::call:
      if (instruction.next == 0) return add(instruction.value, stack);
      if (stacks_.depth(stack) == stack_frames_max) return false;
      return add(instruction.value, stacks_.push(stack, {.position = instruction.next}));
    case Op::enter: {
      const Repeat& repeat = program_->repeats[instruction.value];
      if (stacks_.depth(stack) == stack_frames_max) return false;
      if (!add(repeat.body, stacks_.push(stack, {.repeat = instruction.value, .round = 1}))) return false;
      return repeat.min > 0 || add(instruction.next, stack);
    }
    case Op::loop: {
      const Repeat& repeat = program_->repeats[instruction.value];
      const uint32_t round = stacks_.top(stack).round;
      const StackId below = stacks_.below(stack);
      if (round == round_before_min) return add(repeat.body, stack);
      if (round == round_between) return add(instruction.next, below) && add(repeat.body, stack);
      if (round >= repeat.min && !add(instruction.next, below)) return false;
      if (round >= repeat.max) return true;
      // Where there is no upper bound, rounds over the lower one are alike.
      const uint32_t following = repeat.max == unbounded && round >= repeat.min ? round : round + 1;
      return add(repeat.body, stacks_.push(below, {.repeat = instruction.value, .round = following}));
    }
  }
  return true;
}

bool Automaton::add(uint32_t position, StackId stack) {
  const Machine machine{.position = position, .stack = stack};
  if (!is_new(machine)) return true;
  pending_.push_back(machine);
  return pending_.size() <= machines_max;
}

bool Automaton::is_new(const Machine& machine) {
  if (pending_.size() < compared_max) return std::find(pending_.begin(), pending_.end(), machine) == pending_.end();
  if (seen_.empty()) seen_.resize(size_t{4} * machines_max);
  const size_t mask = seen_.size() - 1;
  const auto put = [&](uint32_t index) {
    size_t slot = hash_of(pending_[index]) & mask;
    while (seen_[slot] != no_entry) slot = (slot + 1) & mask;
    seen_[slot] = index;
  };
  if (pending_.size() == compared_max) {  // from here on by hash
    std::fill(seen_.begin(), seen_.end(), no_entry);
    for (uint32_t index = 0; index < pending_.size(); ++index) put(index);
  }
  for (size_t slot = hash_of(machine) & mask; seen_[slot] != no_entry; slot = (slot + 1) & mask) {
    if (pending_[seen_[slot]] == machine) return false;
  }
  const auto index = static_cast<uint32_t>(pending_.size());
  pending_.push_back(machine);
  put(index);
  pending_.pop_back();
  return true;
}

// Of machines that differ in the round they are in alone, all of them with enough rounds, the one with the fewest can
// do whatever the others can.
void Automaton::drop_longer_rounds() {
  const auto is_longer = [&](const Machine& less, const Machine& more) {
    if (less.position != more.position || less.stack == empty_stack || more.stack == empty_stack) return false;
    const Frame& low = stacks_.top(less.stack);
    const Frame& high = stacks_.top(more.stack);
    return low.is_round() && high.is_round() && low.repeat == high.repeat && low.round < high.round &&
           high.round != round_between && low.round >= program_->repeats[low.repeat].min &&
           stacks_.below(less.stack) == stacks_.below(more.stack);
  };
  if (program_->repeats.empty() || reading_.size() < 2) return;
  std::vector<Machine> by_round = reading_;
  const auto key = [&](const Machine& machine) {
    const Frame top = machine.stack == empty_stack ? Frame{} : stacks_.top(machine.stack);
    const StackId below = machine.stack == empty_stack ? empty_stack : stacks_.below(machine.stack);
    return std::tuple(machine.position, below, top.position, top.repeat, top.round, machine.stack);
  };
  std::sort(by_round.begin(), by_round.end(), [&](const Machine& a, const Machine& b) { return key(a) < key(b); });
  std::vector<Machine> kept;
  for (const Machine& machine : by_round) {
    if (kept.empty() || !is_longer(kept.back(), machine)) kept.push_back(machine);
  }
  if (kept.size() == reading_.size()) return;
  std::sort(kept.begin(), kept.end());
  reading_ = std::move(kept);
}

StateId Automaton::intern(bool accepts) {
  const size_t mask = table_.size() - 1;
  size_t slot = hash_of(reading_, accepts) & mask;
  for (; table_[slot] != no_entry; slot = (slot + 1) & mask) {
    const StateId state{table_[slot]};
    const auto known = machines(state);
    if (this->accepts(state) == accepts && std::equal(known.begin(), known.end(), reading_.begin(), reading_.end())) {
      return state;
    }
  }
  const auto id = static_cast<uint32_t>(states_.size());
  states_.push_back({.first = machines_.size(), .count = static_cast<uint32_t>(reading_.size()), .accepts = accepts});
  machines_.insert(machines_.end(), reading_.begin(), reading_.end());
  next_.resize(next_.size() + class_count_, not_known);
  table_[slot] = id;
  if (states_.size() * 2 > table_.size()) {
    table_.assign(table_.size() * 2, no_entry);
    for (uint32_t state = 1; state < states_.size(); ++state) insert(state);
  }
  return StateId{id};
}

void Automaton::insert(uint32_t state) {
  const size_t mask = table_.size() - 1;
  size_t slot = hash_of(machines(StateId{state}), states_[state].accepts) & mask;
  while (table_[slot] != no_entry) slot = (slot + 1) & mask;
  table_[slot] = state;
}

size_t Automaton::size_bytes() const {
  return stacks_.size_bytes() + states_.size() * sizeof(State) + machines_.size() * sizeof(Machine) +
         (next_.size() + table_.size()) * sizeof(uint32_t);
}

void Automaton::keep(std::span<StateId* const> states) {
  struct Kept {
    std::vector<Machine> machines;
    bool accepts = false;
  };
  std::vector<StateId*> all(states.begin(), states.end());
  all.push_back(&begin_);
  std::vector<Kept> kept;
  std::vector<bool> used(stacks_.count());
  for (const StateId* state : all) {
    const auto found = machines(*state);
    kept.push_back({.machines = {found.begin(), found.end()}, .accepts = accepts(*state)});
    for (const Machine& machine : found) used[static_cast<size_t>(machine.stack)] = true;
  }
  for (size_t stack = used.size(); stack-- > 1;) {  // what is below a top has a smaller number
    if (used[stack]) used[static_cast<size_t>(stacks_.below(StackId{static_cast<uint32_t>(stack)}))] = true;
  }
  const Stacks before = std::move(stacks_);
  clear();
  std::vector<StackId> moved(used.size());
  for (uint32_t stack = 1; stack < used.size(); ++stack) {
    if (!used[stack]) continue;
    moved[stack] = stacks_.push(moved[static_cast<size_t>(before.below(StackId{stack}))], before.top(StackId{stack}));
  }
  for (size_t index = 0; index < all.size(); ++index) {
    if (*all[index] == dead_state) continue;
    reading_ = kept[index].machines;
    for (Machine& machine : reading_) machine.stack = moved[static_cast<size_t>(machine.stack)];
    std::sort(reading_.begin(), reading_.end());
    *all[index] = intern(kept[index].accepts);
  }
}

}  // namespace quire::constraint
