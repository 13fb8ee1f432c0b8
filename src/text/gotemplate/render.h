// Executes a parsed template.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "text/gotemplate/syntax.h"
#include "text/prompt_text.h"
#include "text/template_budget.h"

namespace quire::gotemplate {

// Executions of one template that print one behind the other. One thread; syntax and memory outlive it.
class Render {
 public:
  using Status = TemplateBudget::Status;

  Render(const Syntax& syntax, TemplateMemory& memory, const TemplateLimits& limits, int64_t now_unix_s);

  // Executes body, one of the syntax or made of one, with data as dot and $. An error carries the line.
  Status run(const Body& body, const Value& data);
  // What was printed so far; nothing may be run afterwards.
  PromptText take();

  // For functions:
  TemplateBudget& budget() { return budget_; }
  Value text(MarkedText text) { return Value(memory_.text(std::move(text))); }
  int64_t now_unix_s() const { return now_unix_s_; }

 private:
  enum class Flow : unsigned char { next, break_loop, continue_loop };

  // Statements.
  Result<Flow> exec(const Body& body, const Value& dot);
  Result<Flow> exec_node(const statement::Text& node, const Value& dot);
  Result<Flow> exec_node(const statement::Action& node, const Value& dot);
  Result<Flow> exec_node(const statement::If& node, const Value& dot);
  Result<Flow> exec_node(const statement::Range& node, const Value& dot);
  Result<Flow> exec_node(const statement::Call& node, const Value& dot);
  Result<Flow> exec_node(const statement::Break&, const Value&) { return Flow::break_loop; }
  Result<Flow> exec_node(const statement::Continue&, const Value&) { return Flow::continue_loop; }
  Result<Flow> exec_range(const statement::Range& node, const Value& items, const Value& dot);
  Result<Flow> iterate(const statement::Range& node, const Value& index, const Value& item);
  const Body* find_definition(std::string_view name) const;
  Status write(const MarkedText& text);

  // Pipelines. A command gets what is in front of it as its last argument.
  Result<Value> eval(const Pipeline& pipeline, const Value& dot);
  Result<Value> eval_command(const Command& command, const Value& dot, const std::optional<Value>& last);
  Result<Value> eval_operand(const Operand& operand, const Value& dot);
  Result<Value> eval_node(const operand::Dot&, const Value& dot) { return dot; }
  Result<Value> eval_node(const operand::Nil&, const Value&) { return Value(); }
  Result<Value> eval_node(const operand::Constant& node, const Value&) { return node.value; }
  Result<Value> eval_node(const operand::Field& node, const Value& dot);
  Result<Value> eval_node(const operand::Variable& node, const Value& dot);
  Result<Value> eval_node(const operand::Call& node, const Value& dot);
  Result<Value> eval_node(const operand::Parentheses& node, const Value& dot);
  Result<Value> call(const Function& function, std::span<const Operand> arguments, const Value& dot,
                     const std::optional<Value>& last);
  Result<Value> short_circuit(const Function& function, std::span<const Operand> arguments, const Value& dot,
                              const std::optional<Value>& last);
  Result<Value> get_fields(Value value, std::span<const std::string> names);
  Result<Value> get_field(const Value& value, std::string_view name);

  // Variables. A name may be there more than once; the last one counts.
  Value* find_variable(std::string_view name);
  Status assign(std::string_view name, const Value& value);

  const Syntax& syntax_;
  TemplateMemory& memory_;
  TemplateBudget budget_;
  const int64_t now_unix_s_;

  TextBuilder out_;
  std::vector<std::pair<std::string_view, Value>> variables_;  // of all definitions that are running
  size_t frame_ = 0;                                           // where those of the innermost one begin
  uint32_t error_line_ = 0;                                    // of the innermost part that failed; 0: none has
};

}  // namespace quire::gotemplate
