#include "text/constraint/automaton/left_recursion.h"

#include <algorithm>

namespace quire::constraint {
namespace {

struct Edge {
  uint32_t to = 0;
  bool pushes = false;
};

// Where a machine at `at` may be without reading a byte: the edge of that number, or none.
std::optional<Edge> edge_of(const Program& program, const std::vector<bool>& nullable_calls, uint32_t at,
                            uint32_t number) {
  const Instruction& instruction = program.instructions[at];
  switch (instruction.op) {
    case Op::leave:
    case Op::read:
      return std::nullopt;
    case Op::split:
      if (number >= instruction.count) return std::nullopt;
      return Edge{.to = program.edges[instruction.value + number]};
    case Op::call:
      if (number == 0) return Edge{.to = instruction.value, .pushes = instruction.next != 0};
      if (number == 1 && nullable_calls[at]) return Edge{.to = instruction.next};
      return std::nullopt;
    case Op::enter:
    case Op::loop:
      // Another round takes the place of the one that ended.
      if (number == 0)
        return Edge{.to = program.repeats[instruction.value].body, .pushes = instruction.op == Op::enter};
      if (number == 1 && (instruction.op == Op::loop || program.repeats[instruction.value].min == 0)) {
        return Edge{.to = instruction.next};
      }
      return std::nullopt;
  }
  return std::nullopt;
}

// Tarjan's strongly connected components (1972), with a stack of its own.
class Components {
 public:
  Components(const Program& program, const std::vector<bool>& nullable_calls)
      : program_(program),
        nullable_calls_(nullable_calls),
        order_(program.instructions.size(), 0),
        low_(order_.size(), 0),
        component_(order_.size(), 0) {
    for (uint32_t at = 0; at < order_.size(); ++at) {
      if (order_[at] == 0) visit(at);
    }
  }

  uint32_t of(uint32_t at) const { return component_[at]; }

 private:
  struct Visit {
    uint32_t at;
    uint32_t edge;
  };

  void open(uint32_t at) {
    order_[at] = low_[at] = ++visited_;
    open_.push_back(at);
    visits_.push_back({.at = at, .edge = 0});
  }

  void close(uint32_t at) {
    if (low_[at] != order_[at]) return;
    ++components_;
    uint32_t member = 0;
    do {
      member = open_.back();
      open_.pop_back();
      component_[member] = components_;
    } while (member != at);
  }

  void visit(uint32_t from) {
    open(from);
    while (!visits_.empty()) {
      const uint32_t at = visits_.back().at;
      const auto edge = edge_of(program_, nullable_calls_, at, visits_.back().edge++);
      if (!edge) {
        visits_.pop_back();
        if (!visits_.empty()) low_[visits_.back().at] = std::min(low_[visits_.back().at], low_[at]);
        close(at);
      } else if (order_[edge->to] == 0) {
        open(edge->to);
      } else if (component_[edge->to] == 0) {
        low_[at] = std::min(low_[at], order_[edge->to]);
      }
    }
  }

  const Program& program_;
  const std::vector<bool>& nullable_calls_;
  std::vector<uint32_t> order_;
  std::vector<uint32_t> low_;
  std::vector<uint32_t> component_;
  std::vector<uint32_t> open_;
  std::vector<Visit> visits_;
  uint32_t visited_ = 0;
  uint32_t components_ = 0;
};

}  // namespace

std::optional<uint32_t> find_left_recursion(const Program& program, const std::vector<bool>& nullable_calls) {
  const Components components(program, nullable_calls);
  std::vector<bool> loops;  // by component: a round on the way puts something on the stack
  for (uint32_t at = 0; at < program.instructions.size(); ++at) {
    for (uint32_t number = 0; const auto edge = edge_of(program, nullable_calls, at, number); ++number) {
      if (!edge->pushes || components.of(at) != components.of(edge->to)) continue;
      loops.resize(std::max<size_t>(loops.size(), components.of(at) + 1));
      loops[components.of(at)] = true;
    }
  }
  for (uint32_t at = 0; at < program.instructions.size(); ++at) {
    if (program.instructions[at].op != Op::call || components.of(at) >= loops.size() || !loops[components.of(at)])
      continue;
    if (components.of(program.instructions[at].value) == components.of(at)) return at;
  }
  return std::nullopt;
}

}  // namespace quire::constraint
