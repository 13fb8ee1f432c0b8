// Pipelines, commands and operands.
#include <fmt/format.h>

#include <algorithm>

#include "text/gotemplate/format.h"
#include "text/gotemplate/functions.h"
#include "text/gotemplate/render.h"
#include "text/gotemplate/tools.h"

namespace quire::gotemplate {

Result<Value> Render::eval(const Pipeline& pipeline, const Value& dot) {
  const DepthGuard guard = budget_.enter();
  if (budget_.is_too_deep()) return limit_error("the template nests too deeply");
  std::optional<Value> value;
  for (const Command& command : pipeline.commands) {
    auto result = eval_command(command, dot, value);
    if (!result && error_line_ == 0) error_line_ = pipeline.line;
    if (!result) return result;
    // A null that a list or map held is no value once a pipeline has yielded it.
    value = result->is_nil() ? Value() : *std::move(result);
  }
  for (const std::string& name : pipeline.variables) {
    if (pipeline.assigns) {
      QUIRE_TRY_VOID(assign(name, *value));
    } else {
      QUIRE_TRY_VOID(budget_.reserve(variables_.size() * sizeof(variables_[0])));
      variables_.emplace_back(name, *value);
    }
  }
  return *std::move(value);
}

Result<Value> Render::eval_command(const Command& command, const Value& dot, const std::optional<Value>& last) {
  QUIRE_TRY_VOID(budget_.step());
  const Operand& first = command.front();
  const auto arguments = std::span(command).subspan(1);
  const auto* function = std::get_if<operand::Call>(&first);
  if (function && function->fields.empty()) return call(*function->function, arguments, dot, last);
  if (!arguments.empty() || last) return template_error("only a function can have arguments");
  if (std::holds_alternative<operand::Nil>(first)) return template_error("nil alone is not a value");
  return eval_operand(first, dot);
}

Result<Value> Render::eval_operand(const Operand& operand, const Value& dot) {
  return std::visit([&](const auto& node) { return eval_node(node, dot); }, operand);
}

Result<Value> Render::eval_node(const operand::Field& node, const Value& dot) { return get_fields(dot, node.names); }

Result<Value> Render::eval_node(const operand::Variable& node, const Value&) {
  const Value* value = find_variable(node.name);
  if (!value) return template_error(fmt::format("the variable {} is not defined", node.name));
  return get_fields(*value, node.fields);
}

Result<Value> Render::eval_node(const operand::Call& node, const Value& dot) {
  QUIRE_TRY(Value value, call(*node.function, {}, dot, std::nullopt));
  return get_fields(std::move(value), node.fields);
}

Result<Value> Render::eval_node(const operand::Parentheses& node, const Value& dot) {
  QUIRE_TRY(Value value, eval(*node.pipeline, dot));
  return get_fields(std::move(value), node.fields);
}

Result<Value> Render::call(const Function& function, std::span<const Operand> arguments, const Value& dot,
                           const std::optional<Value>& last) {
  const size_t count = arguments.size() + (last ? 1 : 0);
  if (count < function.arguments_min || count > function.arguments_max) {
    return template_error(fmt::format("{} cannot have {} arguments", function.name, count));
  }
  if (!function.code) return short_circuit(function, arguments, dot, last);
  std::vector<Value> values;
  values.reserve(count);
  for (const Operand& argument : arguments) {
    QUIRE_TRY(Value value, eval_operand(argument, dot));
    values.push_back(std::move(value));
  }
  if (last) values.push_back(*last);
  for (size_t i = 0; i < std::min(function.texts, count); ++i) {
    if (values[i].text()) continue;
    return template_error(fmt::format("{} needs a string, not {}", function.name, type_name(values[i])));
  }
  return function.code(*this, values);
}

// `and` yields its first argument that is false, `or` the first that is true, else the last; none behind it is
// evaluated.
Result<Value> Render::short_circuit(const Function& function, std::span<const Operand> arguments, const Value& dot,
                                    const std::optional<Value>& last) {
  const bool wanted = function.name == "or";
  Value value;
  for (const Operand& argument : arguments) {
    QUIRE_TRY(value, eval_operand(argument, dot));
    if (is_true(value) == wanted) return value;
  }
  return last ? *last : value;
}

Result<Value> Render::get_fields(Value value, std::span<const std::string> names) {
  for (const std::string& name : names) {
    QUIRE_TRY(value, get_field(value, name));
  }
  return value;
}

Result<Value> Render::get_field(const Value& value, std::string_view name) {
  QUIRE_TRY_VOID(budget_.step());
  if (value.is<Absent>()) return Value();
  if (value.is<Null>()) return template_error(fmt::format("there is no {} in null", name));
  if (name == "String" && has_own_text(value)) {
    QUIRE_TRY(MarkedText own, printed(*this, value));
    return text(std::move(own));
  }
  if (name == "ToTypeScriptType" && is_property(value)) {
    QUIRE_TRY(MarkedText type, typescript_type(*this, value));
    return text(std::move(type));
  }
  const Map* map = value.map();
  if (map && !map->type->is_sealed) {
    if (const Value* found = map->find(name)) return *found;
    return map->type->zero ? map->type->zero() : Value(Null{});
  }
  const Value* found = value.record() ? value.record()->find(name) : nullptr;
  if (!found) return template_error(fmt::format("there is no {} in {}", name, type_name(value)));
  return *found;
}

Value* Render::find_variable(std::string_view name) {
  for (size_t i = variables_.size(); i > frame_; --i) {
    if (variables_[i - 1].first == name) return &variables_[i - 1].second;
  }
  return nullptr;
}

Render::Status Render::assign(std::string_view name, const Value& value) {
  Value* variable = find_variable(name);
  if (!variable) return template_error(fmt::format("the variable {} is not defined", name));
  *variable = value;
  return {};
}

}  // namespace quire::gotemplate
