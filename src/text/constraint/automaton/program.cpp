#include "text/constraint/automaton/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "text/constraint/automaton/grammar_facts.h"
#include "text/constraint/automaton/left_recursion.h"

namespace quire::constraint {
namespace {

using Node = Grammar::Node;
using NodeKind = Grammar::NodeKind;

// A repetition of up to so many positions is written out: a machine is faster without counting.
constexpr uint64_t written_out_max = 32;
// Rounds that may be empty cannot be counted; so many positions of them are written out.
constexpr uint64_t written_out_empty_max = 4096;

constexpr uint32_t leave_position = 0;
constexpr uint32_t not_compiled = 0xffffffff;

// Writes positions from the end of what is read to its beginning, so that each knows where it goes on.
class Compiler {
 public:
  Compiler(const Grammar& grammar, const ByteSet& spelled)
      : grammar_(grammar),
        spelled_(spelled),
        facts_(find_facts(grammar, spelled)),
        entries_(grammar.rule_count(), not_compiled) {}

  Result<Program> run();

 private:
  // A node that is being compiled, its children one after another.
  struct Work {
    NodeId node = {};
    uint32_t next = 0;
    uint32_t step = 0;
    uint32_t at = 0;       // where the part that was written last begins
    uint32_t created = 0;  // a position that has to be completed
    std::vector<uint32_t> targets = {};
  };

  Result<uint32_t> compile_node(NodeId root);
  void begin(NodeId node, uint32_t next) { work_.push_back({.node = node, .next = next, .at = next}); }
  void finish(uint32_t at) {
    result_ = at;
    work_.pop_back();
  }
  void advance();
  void advance_sequence(const Node& node);
  void advance_choice(const Node& node);
  void advance_repeat(const Node& node);
  void advance_loop(const Node& node);
  void advance_written_out(const Node& node, uint32_t min);
  void advance_counted(const Node& node);
  void refer(const Node& node);

  uint32_t emit(Instruction instruction);
  uint32_t emit_split(const std::vector<uint32_t>& targets);
  void set_split(uint32_t at, const std::vector<uint32_t>& targets);
  uint32_t emit_read(const ByteSet& set, uint32_t next);
  uint32_t emit_text(const std::string& text, uint32_t next);
  uint32_t emit_texts(const std::vector<const std::string*>& texts, uint32_t next);
  bool productive(NodeId node) const { return facts_.productive[static_cast<size_t>(node)]; }
  void find_classes();

  const Grammar& grammar_;
  ByteSet spelled_;
  GrammarFacts facts_;
  Program program_;
  std::vector<uint32_t> entries_;  // of rules
  std::vector<RuleId> called_;     // rules in the order in which they were met
  std::vector<Work> work_;
  uint32_t result_ = 0;
  std::unordered_map<ByteSet, uint32_t> set_ids_;
  std::vector<ByteSet> byte_sets_;
  Error error_;
  bool failed_ = false;
};

uint32_t Compiler::emit(Instruction instruction) {
  program_.instructions.push_back(instruction);
  return static_cast<uint32_t>(program_.instructions.size() - 1);
}

void Compiler::set_split(uint32_t at, const std::vector<uint32_t>& targets) {
  program_.instructions[at] = {.op = Op::split,
                               .value = static_cast<uint32_t>(program_.edges.size()),
                               .count = static_cast<uint32_t>(targets.size())};
  program_.edges.insert(program_.edges.end(), targets.begin(), targets.end());
}

uint32_t Compiler::emit_split(const std::vector<uint32_t>& targets) {
  if (targets.size() == 1) return targets[0];
  const uint32_t at = emit({});
  set_split(at, targets);
  return at;
}

uint32_t Compiler::emit_read(const ByteSet& set, uint32_t next) {
  const ByteSet spelled = set & spelled_;
  const auto [known, added] = set_ids_.emplace(spelled, static_cast<uint32_t>(byte_sets_.size()));
  if (added) byte_sets_.push_back(spelled);
  return emit({.op = Op::read, .value = known->second, .next = next});
}

uint32_t Compiler::emit_text(const std::string& text, uint32_t next) {
  for (size_t index = text.size(); index-- > 0;) {
    next = emit_read(ByteSet().set(static_cast<uint8_t>(text[index])), next);
  }
  return next;
}

// Texts that begin alike share their beginnings.
uint32_t Compiler::emit_texts(const std::vector<const std::string*>& texts, uint32_t next) {
  struct Branch {
    std::map<uint8_t, uint32_t> children;
    bool ends = false;
  };
  std::vector<Branch> branches(1);
  for (const std::string* text : texts) {
    uint32_t branch = 0;
    for (const char byte : *text) {
      const auto [child, added] =
          branches[branch].children.emplace(static_cast<uint8_t>(byte), static_cast<uint32_t>(branches.size()));
      branch = child->second;
      if (added) branches.emplace_back();
    }
    branches[branch].ends = true;
  }
  std::vector<uint32_t> positions(branches.size());
  for (size_t index = branches.size(); index-- > 0;) {  // children come after their parents
    std::map<uint32_t, ByteSet> sets;
    for (const auto& [byte, child] : branches[index].children) sets[positions[child]].set(byte);
    std::vector<uint32_t> targets;
    for (const auto& [position, set] : sets) targets.push_back(emit_read(set, position));
    if (branches[index].ends) targets.push_back(next);
    positions[index] = emit_split(targets);
  }
  return positions[0];
}

void Compiler::advance_sequence(const Node& node) {
  Work& work = work_.back();
  if (work.step > 0) work.at = result_;
  if (work.step == node.children.size()) return finish(work.at);
  const NodeId child = node.children[node.children.size() - 1 - work.step++];
  begin(child, work.at);
}

void Compiler::advance_choice(const Node& node) {
  Work& work = work_.back();
  const auto is_text = [&](NodeId id) { return grammar_.node(id).kind == NodeKind::bytes; };
  if (work.step == 0) {
    std::vector<const std::string*> texts;
    for (const NodeId id : node.children) {
      if (is_text(id) && productive(id)) texts.push_back(&grammar_.node(id).text);
    }
    if (!texts.empty()) work.targets.push_back(emit_texts(texts, work.next));
  } else {
    work.targets.push_back(result_);
  }
  while (work.step < node.children.size()) {
    const NodeId child = node.children[work.step++];
    if (productive(child) && !is_text(child)) return begin(child, work.next);
  }
  const std::vector<uint32_t> targets = std::move(work.targets);
  finish(emit_split(targets));
}

void Compiler::advance_loop(const Node& node) {
  Work& work = work_.back();
  const uint32_t min = facts_.nullable[static_cast<size_t>(node.children[0])] ? 0 : node.min;
  if (work.step == 0) {
    work.step = 1;
    work.created = emit({});
    return begin(node.children[0], work.created);
  }
  work.at = result_;
  if (work.step++ == 1) {
    set_split(work.created, {result_, work.next});
    if (min == 0) return finish(work.created);
  }
  if (work.step > min) return finish(work.at);
  begin(node.children[0], work.at);
}

void Compiler::advance_written_out(const Node& node, uint32_t min) {
  Work& work = work_.back();
  const uint32_t optional = node.max - min;
  if (work.step > 0) work.at = work.step <= optional ? emit_split({result_, work.next}) : result_;
  if (work.step++ == node.max) return finish(work.at);
  begin(node.children[0], work.at);
}

void Compiler::advance_counted(const Node& node) {
  Work& work = work_.back();
  if (work.step++ == 0) {
    const auto repeat = static_cast<uint32_t>(program_.repeats.size());
    program_.repeats.push_back({.min = node.min, .max = node.max});
    work.created = emit({.op = Op::loop, .value = repeat, .next = work.next});
    return begin(node.children[0], work.created);
  }
  const uint32_t repeat = program_.instructions[work.created].value;
  program_.repeats[repeat].body = result_;
  finish(emit({.op = Op::enter, .value = repeat, .next = work.next}));
}

void Compiler::advance_repeat(const Node& node) {
  const auto child = static_cast<size_t>(node.children[0]);
  if (!facts_.productive[child]) return finish(work_.back().next);
  const bool nullable = facts_.nullable[child];
  const uint64_t size = std::max<uint64_t>(facts_.size[child], 1);
  if (node.max == unbounded) {
    return nullable || node.min <= 1 || node.min * size <= written_out_max ? advance_loop(node) : advance_counted(node);
  }
  if (!nullable && node.max * size > written_out_max) return advance_counted(node);
  if (nullable && node.max * size > written_out_empty_max) {
    failed_ = true;
    error_ = {.kind = ErrorKind::too_large,
              .message = fmt::format("{} repetitions of what may be empty are {} positions; at most {} are supported",
                                     node.max, node.max * size, written_out_empty_max)};
    return finish(work_.back().next);
  }
  advance_written_out(node, nullable ? 0 : node.min);
}

void Compiler::refer(const Node& node) {
  Work& work = work_.back();
  const auto rule = static_cast<size_t>(node.rule);
  if (facts_.inlined[rule]) {
    if (work.step++ == 1) return finish(result_);
    return begin(grammar_.body(node.rule), work.next);
  }
  if (entries_[rule] == not_compiled) {
    entries_[rule] = 0;
    called_.push_back(node.rule);
  }
  finish(emit({.op = Op::call, .value = static_cast<uint32_t>(rule), .next = work.next}));
}

void Compiler::advance() {
  const Node& node = grammar_.node(work_.back().node);
  switch (node.kind) {
    case NodeKind::nothing:
    case NodeKind::never:
      return finish(work_.back().next);
    case NodeKind::bytes:
      return finish(emit_text(node.text, work_.back().next));
    case NodeKind::byte_set:
      return finish(emit_read(node.set, work_.back().next));
    case NodeKind::sequence:
      return advance_sequence(node);
    case NodeKind::choice:
      return advance_choice(node);
    case NodeKind::repeat:
      return advance_repeat(node);
    case NodeKind::rule:
      return refer(node);
  }
}

Result<uint32_t> Compiler::compile_node(NodeId root) {
  begin(root, leave_position);
  while (!work_.empty()) {
    advance();
    if (failed_) return std::unexpected(error_);
    if (program_.instructions.size() + program_.edges.size() > program_positions_max) {
      return fail(ErrorKind::too_large, fmt::format("the grammar has more than {} positions", program_positions_max));
    }
  }
  return result_;
}

void Compiler::find_classes() {
  std::vector<uint32_t> classes(256, 0);
  uint32_t count = 1;
  for (const ByteSet& set : byte_sets_) {
    std::map<std::pair<uint32_t, bool>, uint32_t> parts;
    for (size_t byte = 0; byte < 256; ++byte) {
      const auto next = static_cast<uint32_t>(parts.size());
      classes[byte] = parts.emplace(std::pair(classes[byte], set.test(byte)), next).first->second;
    }
    count = static_cast<uint32_t>(parts.size());
    if (count == 256) break;
  }
  program_.class_count = count;
  for (size_t byte = 0; byte < 256; ++byte) program_.class_of[byte] = static_cast<uint8_t>(classes[byte]);
  for (const ByteSet& set : byte_sets_) {
    ByteSet by_class;
    for (size_t byte = 0; byte < 256; ++byte) {
      if (set.test(byte)) by_class.set(classes[byte]);
    }
    program_.sets.push_back(by_class);
  }
}

Result<Program> Compiler::run() {
  if (!productive(grammar_.root())) {
    return fail(ErrorKind::unsupported, "nothing that can be written satisfies the grammar");
  }
  emit({.op = Op::leave});
  QUIRE_TRY(program_.begin, compile_node(grammar_.root()));
  for (size_t index = 0; index < called_.size(); ++index) {
    QUIRE_TRY(const uint32_t entry, compile_node(grammar_.body(called_[index])));
    entries_[static_cast<size_t>(called_[index])] = entry;
  }
  std::vector<bool> nullable_calls(program_.instructions.size());
  std::vector<RuleId> rules(program_.instructions.size());
  for (size_t at = 0; at < program_.instructions.size(); ++at) {
    Instruction& instruction = program_.instructions[at];
    if (instruction.op != Op::call) continue;
    rules[at] = RuleId{instruction.value};
    nullable_calls[at] = facts_.nullable[static_cast<size_t>(grammar_.body(rules[at]))];
    instruction.value = entries_[instruction.value];
  }
  if (const auto at = find_left_recursion(program_, nullable_calls)) {
    return fail(ErrorKind::unsupported,
                fmt::format("rule '{}' begins with itself (left recursion), which is not supported",
                            grammar_.name(rules[*at])));
  }
  find_classes();
  return std::move(program_);
}

}  // namespace

Result<Program> compile(const Grammar& grammar, const ByteSet& spelled) {
  QUIRE_TRY_VOID(grammar.check());
  return Compiler(grammar, spelled).run();
}

}  // namespace quire::constraint
