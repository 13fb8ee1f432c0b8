// Statements. Expressions are in expressions.cpp, loops in loops.cpp.
#include "text/jinja/render.h"

#include <fmt/format.h>

#include "text/jinja/operators.h"
#include "text/jinja/to_text.h"

namespace quire::jinja {

Render::Render(const Ast& ast, Heap& heap, const Limits& limits, int64_t now_unix_s)
    : ast_(ast), heap_(heap), budget_(limits, heap.memory()), now_unix_s_(now_unix_s) {}

Result<PromptText> Render::run(const Globals& globals) {
  Scope* builtins = new_scope(nullptr);
  const auto define = [&](std::string_view name, Value value) {
    for (size_t i = 0; i < ast_.symbols.size(); ++i) {
      if (ast_.symbols[i] == name) builtins->set(static_cast<Symbol>(i), std::move(value));
    }
  };
  for (const NamedFunction& function : global_functions()) {
    auto* callable = heap_.make<Callable>();
    callable->name = function.name;
    callable->function = function.function;
    define(function.name, Value(callable));
  }
  for (const auto& [name, value] : globals) define(name, value);
  scope_ = new_scope(builtins);
  if (auto flow = exec(ast_.body); !flow) {
    Error error = std::move(flow).error();
    if (error_line_ > 0) error.message = fmt::format("line {}: {}", error_line_, error.message);
    return std::unexpected(std::move(error));
  }
  MarkedText text = out_.take();
  return PromptText{.text = std::move(text.bytes), .user_spans = std::move(text.user)};
}

Value Render::undefined(std::string why) {
  return Value(Undefined{std::make_shared<const std::string>(std::move(why))});
}

Scope* Render::new_scope(Scope* parent) {
  auto* scope = heap_.make<Scope>();
  scope->parent = parent;
  return scope;
}

Callable* Render::new_macro(const MacroNode& node) {
  auto* macro = heap_.make<Callable>();
  macro->name = node.name;
  macro->macro = &node;
  macro->scope = scope_;
  for (Scope* scope = scope_; scope && !scope->is_captured; scope = scope->parent) scope->is_captured = true;
  return macro;
}

Result<Flow> Render::exec(const Body& body) {
  const DepthGuard guard = budget_.enter();
  if (budget_.is_too_deep()) return limit_error("the template nests too deeply");
  for (const Stmt& statement : body) {
    auto flow = exec_one(statement);
    if (!flow && error_line_ == 0) error_line_ = statement.line;
    if (!flow || *flow != Flow::next) return flow;
  }
  return Flow::next;
}

Result<Flow> Render::exec_one(const Stmt& statement) {
  QUIRE_TRY_VOID(step());
  return std::visit([this](const auto& node) { return exec_node(node); }, statement.node);
}

Render::Status Render::write(const MarkedText& text) {
  QUIRE_TRY_VOID(budget_.print(text.bytes.size()));
  out_.append(text);
  return {};
}

Result<Flow> Render::exec_node(const stmt::Data& node) {
  QUIRE_TRY_VOID(write(*node.text));
  return Flow::next;
}

Result<Flow> Render::exec_node(const stmt::Print& node) {
  QUIRE_TRY(const Value value, eval(*node.value));
  QUIRE_TRY(const Str text, to_text(value));
  QUIRE_TRY_VOID(write(*text));
  return Flow::next;
}

Result<Flow> Render::exec_node(const stmt::If& node) {
  for (const auto& [condition, body] : node.branches) {
    QUIRE_TRY(const Value value, eval(*condition));
    if (is_true(value)) return exec(body);
  }
  return exec(node.otherwise);
}

Result<Flow> Render::exec_node(const stmt::Set& node) {
  QUIRE_TRY(const Value value, eval(*node.value));
  QUIRE_TRY_VOID(assign(*node.target, value, *scope_));
  return Flow::next;
}

Result<Flow> Render::exec_node(const stmt::SetBlock& node) {
  QUIRE_TRY(Value value, capture(node.body, new_scope(scope_)));
  if (node.filter) {
    QUIRE_TRY(value, apply_filter(*node.filter, value));
  }
  QUIRE_TRY_VOID(assign(*node.target, value, *scope_));
  return Flow::next;
}

Result<Flow> Render::exec_node(const stmt::FilterBlock& node) {
  QUIRE_TRY(const Value captured, capture(node.body, new_scope(scope_)));
  QUIRE_TRY(const Value filtered, apply_filter(*node.filter, captured));
  QUIRE_TRY(const Str text, to_text(filtered));
  QUIRE_TRY_VOID(write(*text));
  return Flow::next;
}

Result<Flow> Render::exec_node(const stmt::Macro& node) {
  scope_->set(node.symbol, Value(new_macro(*node.macro)));
  return Flow::next;
}

Result<Flow> Render::exec_node(const stmt::CallBlock& node) {
  const auto& call_node = std::get<expr::Call>(node.call->node);
  QUIRE_TRY(const Value callee, eval(*call_node.callee));
  QUIRE_TRY(Args args, eval_arguments(call_node.arguments));
  args.named.emplace_back("caller", Value(new_macro(*node.caller)));
  QUIRE_TRY(const Value result, call(callee, args));
  QUIRE_TRY(const Str text, to_text(result));
  QUIRE_TRY_VOID(write(*text));
  return Flow::next;
}

Result<Flow> Render::exec_node(const stmt::With& node) {
  Scope* inner = new_scope(scope_);
  for (const auto& [target, expression] : node.assignments) {
    QUIRE_TRY(const Value value, eval(*expression));
    QUIRE_TRY_VOID(assign(*target, value, *inner));
  }
  Scope* outer = std::exchange(scope_, inner);
  auto flow = exec(node.body);
  scope_ = outer;
  return flow;
}

Render::Status Render::assign(const Expr& target, const Value& value, Scope& scope) {
  if (const auto* name = std::get_if<expr::Name>(&target.node)) {
    scope.set(name->symbol, value);
    return {};
  }
  if (const auto* tuple = std::get_if<expr::Tuple>(&target.node)) return unpack(*tuple, value, scope);
  const auto& attribute = std::get<expr::NamespaceTarget>(target.node);
  const Value* object = scope.find(attribute.symbol);
  if (!object || !object->name_space()) {
    return template_error(
        fmt::format("cannot set the attribute '{}' of something that is no namespace", attribute.attribute));
  }
  heap_.charge(2 * Heap::value_bytes);
  object->name_space()->attributes.set(heap_.text(attribute.attribute), value);
  return {};
}

Render::Status Render::unpack(const expr::Tuple& target, const Value& value, Scope& scope) {
  QUIRE_TRY(const std::vector<Value> items, collect(value));
  if (items.size() != target.items.size()) {
    return template_error(fmt::format("cannot unpack {} values into {} names", items.size(), target.items.size()));
  }
  for (size_t i = 0; i < items.size(); ++i) QUIRE_TRY_VOID(assign(*target.items[i], items[i], scope));
  return {};
}

Result<Value> Render::capture(const Body& body, Scope* scope) {
  Scope* outer_scope = std::exchange(scope_, scope);
  TextBuilder outer_text = std::exchange(out_, TextBuilder());
  auto flow = exec(body);
  MarkedText text = out_.take();
  out_ = std::move(outer_text);
  scope_ = outer_scope;
  if (!flow) return std::unexpected(std::move(flow).error());
  return heap_.text(std::move(text));
}

}  // namespace quire::jinja
