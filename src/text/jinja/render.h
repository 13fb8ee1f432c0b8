// Evaluates a parsed template.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/jinja/ast.h"
#include "text/jinja/callable.h"
#include "text/jinja/functions.h"
#include "text/jinja/heap.h"
#include "text/prompt_text.h"
#include "text/template_budget.h"

namespace quire::jinja {

using Limits = TemplateLimits;

// Steps through the items of a value. A list may grow meanwhile; a generator's items are taken once for all.
class Cursor {
 public:
  Cursor() = default;
  explicit Cursor(Value source) : source_(std::move(source)) {}
  // REQUIRES: is_iterable(source).
  std::optional<Value> next(Heap& heap);
  static bool is_iterable(const Value& value);

 private:
  Value source_;
  size_t at_ = 0;  // byte of a text, else index
};

// One {% for %} while it runs; what `loop` is in its body.
struct Loop final : Object {
  const stmt::For* node = nullptr;
  Scope* outer = nullptr;         // the scope the loop stands in
  Scope* filter_scope = nullptr;  // holds the targets while the loop's `if` is evaluated
  Cursor cursor;
  std::optional<Value> ahead;  // taken from the cursor to answer loop.last and loop.nextitem
  std::optional<Value> previous, current;
  std::optional<Value> changed_last;
  std::optional<size_t> length;
  bool is_filtered = false;  // the cursor holds only items that have passed the `if` already
  size_t index0 = 0;
  size_t depth0 = 0;
};

enum class Flow : unsigned char { next, break_loop, continue_loop };

// One evaluation of one template. One thread; everything it makes lives in the heap.
class Render {
 public:
  using Status = Result<std::monostate>;
  using Globals = std::vector<std::pair<std::string, Value>>;

  Render(const Ast& ast, Heap& heap, const Limits& limits, int64_t now_unix_s);
  Result<PromptText> run(const Globals& globals);

  // For the functions that templates call:
  Heap& heap() { return heap_; }
  const Limits& limits() const { return budget_.limits(); }
  int64_t now_unix_s() const { return now_unix_s_; }
  Status step(size_t count = 1) { return budget_.step(count); }
  Status read(size_t bytes) { return budget_.read(bytes); }
  Status reserve(size_t bytes) const { return budget_.reserve(bytes); }
  Status reserve_text(size_t bytes) const { return budget_.reserve_text(bytes); }
  Result<Value> call(const Value& callee, const Args& args);
  Result<Value> get_attribute(const Value& object, std::string_view name);
  Result<Value> get_item(const Value& object, const Value& key);
  Result<std::vector<Value>> collect(const Value& iterable);
  Result<Str> to_text(const Value& value);
  Result<Value> loop_attribute(Loop& loop, std::string_view name);
  Value undefined(std::string why);

 private:
  // Statements.
  Result<Flow> exec(const Body& body);
  Result<Flow> exec_one(const Stmt& statement);
  Result<Flow> exec_node(const stmt::Data& node);
  Result<Flow> exec_node(const stmt::Print& node);
  Result<Flow> exec_node(const stmt::For& node);
  Result<Flow> exec_node(const stmt::If& node);
  Result<Flow> exec_node(const stmt::Set& node);
  Result<Flow> exec_node(const stmt::SetBlock& node);
  Result<Flow> exec_node(const stmt::Macro& node);
  Result<Flow> exec_node(const stmt::CallBlock& node);
  Result<Flow> exec_node(const stmt::FilterBlock& node);
  Result<Flow> exec_node(const stmt::With& node);
  Result<Flow> exec_node(const stmt::Break&) { return Flow::break_loop; }
  Result<Flow> exec_node(const stmt::Continue&) { return Flow::continue_loop; }
  Result<Flow> run_loop(const stmt::For& node, const Value& iterable, Scope* outer, size_t depth0);
  Result<std::optional<Value>> loop_fetch(Loop& loop);
  Result<std::optional<Value>> loop_next(Loop& loop);
  Status loop_peek(Loop& loop);
  Status loop_count(Loop& loop);
  Result<Value> call_loop(const Loop& loop, const Args& args);
  Status write(const MarkedText& text);
  Status assign(const Expr& target, const Value& value, Scope& scope);
  Status unpack(const expr::Tuple& target, const Value& value, Scope& scope);
  // What body prints, instead of printing it.
  Result<Value> capture(const Body& body, Scope* scope);
  Scope* new_scope(Scope* parent);
  Callable* new_macro(const MacroNode& node);

  // Expressions.
  Result<Value> eval(const Expr& expression);
  Result<Value> eval_node(const expr::Constant& node) { return node.value; }
  Result<Value> eval_node(const expr::Name& node);
  Result<Value> eval_node(const expr::List& node);
  Result<Value> eval_node(const expr::Tuple& node);
  Result<Value> eval_node(const expr::DictLiteral& node);
  Result<Value> eval_node(const expr::GetAttribute& node);
  Result<Value> eval_node(const expr::GetItem& node);
  Result<Value> eval_node(const expr::Slice& node);
  Result<Value> eval_node(const expr::Call& node);
  Result<Value> eval_node(const expr::Filter& node);
  Result<Value> eval_node(const expr::Test& node);
  Result<Value> eval_node(const expr::Unary& node);
  Result<Value> eval_node(const expr::Binary& node);
  Result<Value> eval_node(const expr::Concat& node);
  Result<Value> eval_node(const expr::Compare& node);
  Result<Value> eval_node(const expr::And& node);
  Result<Value> eval_node(const expr::Or& node);
  Result<Value> eval_node(const expr::Conditional& node);
  Result<Value> eval_node(const expr::NamespaceTarget& node);
  Result<std::vector<Value>> eval_all(const std::vector<ExprPtr>& nodes);
  Result<Args> eval_arguments(const Arguments& arguments);
  Result<Value> apply_filter(const Expr& filter, const Value& subject);
  Result<Value> call_macro(const Callable& macro, const Args& args);
  Status bind_parameters(const MacroNode& macro, const Args& args, Scope& scope);
  Status bind_extra(const MacroNode& macro, const Args& args, Scope& scope);

  const Ast& ast_;
  Heap& heap_;
  TemplateBudget budget_;
  const int64_t now_unix_s_;

  Scope* scope_ = nullptr;
  TextBuilder out_;                        // what the innermost capture, or the template, has printed
  const Value* filter_subject_ = nullptr;  // what a filter block or set block captured, for its innermost filter
  uint32_t error_line_ = 0;  // of the innermost node that failed; 0: none has
};

}  // namespace quire::jinja
