// Expressions, calls, attributes and items.
#include <fmt/format.h>

#include "text/jinja/operators.h"
#include "text/jinja/render.h"
#include "text/jinja/to_text.h"
#include "text/unicode.h"

namespace quire::jinja {

namespace {

std::string object_name(const Value& value) {
  return value.is_none() ? std::string("None") : fmt::format("'{} object'", type_name(value));
}

const std::string& why_undefined(const Value& value) {
  static const std::string unnamed = "the value is undefined";
  const auto& why = value.as<Undefined>()->why;
  return why ? *why : unnamed;
}

}  // namespace

Result<Value> Render::eval(const Expr& expression) {
  const DepthGuard guard = budget_.enter();
  if (budget_.is_too_deep()) return limit_error("the template nests too deeply");
  QUIRE_TRY_VOID(step());
  auto value = std::visit([this](const auto& node) { return eval_node(node); }, expression.node);
  if (!value && error_line_ == 0) error_line_ = expression.line;
  return value;
}

Result<std::vector<Value>> Render::eval_all(const std::vector<ExprPtr>& nodes) {
  std::vector<Value> values;
  values.reserve(nodes.size());
  for (const ExprPtr& node : nodes) {
    QUIRE_TRY(Value value, eval(*node));
    values.push_back(std::move(value));
  }
  return values;
}

Result<Value> Render::eval_node(const expr::Name& node) {
  if (const Value* value = scope_->find(node.symbol)) return *value;
  return undefined(fmt::format("'{}' is undefined", ast_.symbols[static_cast<size_t>(node.symbol)]));
}

Result<Value> Render::eval_node(const expr::List& node) {
  QUIRE_TRY(std::vector<Value> items, eval_all(node.items));
  return heap_.list(std::move(items));
}

Result<Value> Render::eval_node(const expr::Tuple& node) {
  QUIRE_TRY(std::vector<Value> items, eval_all(node.items));
  return heap_.sequence(SequenceType::tuple, std::move(items));
}

Result<Value> Render::eval_node(const expr::DictLiteral& node) {
  Dict* dict = heap_.dict();
  for (const auto& [key_node, value_node] : node.items) {
    QUIRE_TRY(Value key, eval(*key_node));
    QUIRE_TRY(Value value, eval(*value_node));
    if (!is_hashable(key)) return template_error(fmt::format("unhashable type: '{}'", type_name(key)));
    heap_.charge(2 * Heap::value_bytes);
    dict->set(std::move(key), std::move(value));
  }
  return Value(dict);
}

Result<Value> Render::eval_node(const expr::GetAttribute& node) {
  QUIRE_TRY(const Value object, eval(*node.object));
  return get_attribute(object, node.name);
}

Result<Value> Render::eval_node(const expr::GetItem& node) {
  QUIRE_TRY(const Value object, eval(*node.object));
  QUIRE_TRY(const Value key, eval(*node.key));
  return get_item(object, key);
}

Result<Value> Render::eval_node(const expr::Slice& node) {
  QUIRE_TRY(const Value object, eval(*node.object));
  Value parts[3];
  const Value* given[3] = {};
  const ExprPtr* nodes[3] = {&node.start, &node.stop, &node.step};
  for (size_t i = 0; i < 3; ++i) {
    if (!*nodes[i]) continue;
    QUIRE_TRY(parts[i], eval(**nodes[i]));
    given[i] = &parts[i];
  }
  if (object.is_undefined()) return template_error(why_undefined(object));
  return slice(*this, object, given[0], given[1], given[2]);
}

Result<Value> Render::eval_node(const expr::Call& node) {
  // A method is called without making an object of it first.
  if (const auto* attribute = std::get_if<expr::GetAttribute>(&node.callee->node)) {
    QUIRE_TRY(const Value object, eval(*attribute->object));
    const NamedFunction* method = find_method(object, attribute->name);
    Value callee;
    if (!method) {
      QUIRE_TRY(callee, get_attribute(object, attribute->name));
    }
    QUIRE_TRY(const Args args, eval_arguments(node.arguments));
    return method ? method->function(*this, object, args) : call(callee, args);
  }
  QUIRE_TRY(const Value callee, eval(*node.callee));
  QUIRE_TRY(const Args args, eval_arguments(node.arguments));
  return call(callee, args);
}

Result<Args> Render::eval_arguments(const Arguments& arguments) {
  Args args;
  QUIRE_TRY(args.positional, eval_all(arguments.positional));
  if (arguments.star) {
    QUIRE_TRY(const Value more, eval(*arguments.star));
    QUIRE_TRY(const std::vector<Value> items, collect(more));
    args.positional.insert(args.positional.end(), items.begin(), items.end());
  }
  for (const auto& [name, node] : arguments.named) {
    QUIRE_TRY(Value value, eval(*node));
    args.named.emplace_back(name, std::move(value));
  }
  if (arguments.double_star) {
    QUIRE_TRY(const Value more, eval(*arguments.double_star));
    if (!more.dict()) return template_error("the argument after ** must be a mapping");
    for (const auto& [key, value] : more.dict()->items) {
      if (!key.text()) return template_error("keywords must be strings");
      args.named.emplace_back(key.text()->bytes, value);
      args.names_are_users |= key.text()->has_user_text();
    }
  }
  return args;
}

Result<Value> Render::eval_node(const expr::Filter& node) {
  Value subject;
  if (node.subject) {
    QUIRE_TRY(subject, eval(*node.subject));
  } else {
    subject = *filter_subject_;
  }
  QUIRE_TRY(const Args args, eval_arguments(node.arguments));
  if (!node.entry) return template_error(fmt::format("there is no filter '{}'", node.name));
  return node.entry->function(*this, subject, args);
}

Result<Value> Render::apply_filter(const Expr& filter, const Value& subject) {
  const Value* outer = std::exchange(filter_subject_, &subject);
  auto value = eval(filter);
  filter_subject_ = outer;
  return value;
}

Result<Value> Render::eval_node(const expr::Test& node) {
  QUIRE_TRY(const Value subject, eval(*node.subject));
  QUIRE_TRY(const Args args, eval_arguments(node.arguments));
  if (!node.entry) return template_error(fmt::format("there is no test '{}'", node.name));
  QUIRE_TRY(const Value holds, node.entry->function(*this, subject, args));
  return Value(is_true(holds) != node.negated);
}

Result<Value> Render::eval_node(const expr::Unary& node) {
  QUIRE_TRY(const Value operand, eval(*node.operand));
  if (node.op == UnaryOp::logical_not) return Value(!is_true(operand));
  if (operand.is_undefined()) return template_error(why_undefined(operand));
  return unary(node.op, operand);
}

Result<Value> Render::eval_node(const expr::Binary& node) {
  QUIRE_TRY(const Value left, eval(*node.left));
  QUIRE_TRY(const Value right, eval(*node.right));
  if (left.is_undefined()) return template_error(why_undefined(left));
  if (right.is_undefined() && !(node.op == BinaryOp::modulo && left.text()))
    return template_error(why_undefined(right));
  return binary(*this, node.op, left, right);
}

Result<Value> Render::eval_node(const expr::Concat& node) {
  TextBuilder text;
  for (const ExprPtr& part : node.parts) {
    QUIRE_TRY(const Value value, eval(*part));
    QUIRE_TRY_VOID(append_str(*this, text, value));
    QUIRE_TRY_VOID(reserve_text(text.size()));
  }
  QUIRE_TRY_VOID(read(text.size()));
  return heap_.text(text.take());
}

Result<Value> Render::eval_node(const expr::Compare& node) {
  QUIRE_TRY(Value left, eval(*node.first));
  for (const auto& [op, operand] : node.rest) {
    QUIRE_TRY(Value right, eval(*operand));
    const bool is_order =
        op != CompareOp::equal && op != CompareOp::not_equal && op != CompareOp::in && op != CompareOp::not_in;
    if (is_order && left.is_undefined()) return template_error(why_undefined(left));
    if (is_order && right.is_undefined()) return template_error(why_undefined(right));
    QUIRE_TRY(const bool holds, compare(*this, op, left, right));
    if (!holds) return Value(false);
    left = std::move(right);
  }
  return Value(true);
}

Result<Value> Render::eval_node(const expr::And& node) {
  QUIRE_TRY(Value left, eval(*node.left));
  return is_true(left) ? eval(*node.right) : Result<Value>(std::move(left));
}

Result<Value> Render::eval_node(const expr::Or& node) {
  QUIRE_TRY(Value left, eval(*node.left));
  return is_true(left) ? Result<Value>(std::move(left)) : eval(*node.right);
}

Result<Value> Render::eval_node(const expr::Conditional& node) {
  QUIRE_TRY(const Value condition, eval(*node.condition));
  if (is_true(condition)) return eval(*node.then);
  if (node.otherwise) return eval(*node.otherwise);
  return undefined("the inline if-expression evaluated to false and no else section was defined");
}

Result<Value> Render::eval_node(const expr::NamespaceTarget&) {
  return template_error("a namespace attribute can only be assigned to here");
}

Result<Value> Render::get_attribute(const Value& object, std::string_view name) {
  if (object.is_undefined()) return template_error(why_undefined(object));
  if (const NamedFunction* method = find_method(object, name)) {
    auto* bound = heap_.make<Callable>();
    bound->name = method->name;
    bound->function = method->function;
    bound->self = object;
    return Value(bound);
  }
  if (object.loop()) return loop_attribute(*object.loop(), name);
  Dict* dict = object.name_space() ? &object.name_space()->attributes : object.dict();
  if (dict) {
    QUIRE_TRY_VOID(step(dict->items.size() / 16));
    if (const Value* found = dict->find(name)) return *found;
  }
  if (const Sequence* sequence = object.sequence(); sequence && sequence->is_group) {
    if (name == "grouper") return sequence->items[0];
    if (name == "list") return sequence->items[1];
  }
  return undefined(fmt::format("{} has no attribute '{}'", object_name(object), name));
}

Result<Value> Render::get_item(const Value& object, const Value& key) {
  if (object.is_undefined()) return template_error(why_undefined(object));
  Int index = 0;
  const bool is_index = as_int(key, index);
  if (Dict* dict = object.dict()) {
    QUIRE_TRY(const Value* found, find_key(*this, *dict, key));
    if (found) return *found;
  } else if (const Sequence* sequence = object.sequence(); sequence && is_index) {
    const auto size = static_cast<Int>(sequence->items.size());
    const Int at = index < 0 ? index + size : index;
    const bool is_indexed = sequence->type == SequenceType::list || sequence->type == SequenceType::tuple ||
                            sequence->type == SequenceType::range;
    if (is_indexed && at >= 0 && at < size) return sequence->items[static_cast<size_t>(at)];
  } else if (object.text() && is_index) {
    const Str& str = *object.as<Str>();
    QUIRE_TRY_VOID(read(str->bytes.size()));
    const Int at = index < 0 ? index + static_cast<Int>(count_code_points(str->bytes)) : index;
    if (at >= 0 && at < static_cast<Int>(str->bytes.size())) {
      const size_t begin = byte_of_code_point(str->bytes, static_cast<size_t>(at));
      if (begin < str->bytes.size()) {
        return heap_.text(str, begin, begin + code_point_at(str->bytes, begin).size_bytes);
      }
    }
  }
  if (key.text()) return get_attribute(object, key.text()->bytes);
  TextBuilder shown;
  QUIRE_TRY_VOID(append_repr(*this, shown, key));
  return undefined(fmt::format("{} has no element {}", object_name(object), shown.take().bytes));
}

Result<Value> Render::call(const Value& callee, const Args& args) {
  if (callee.is_undefined()) return template_error(why_undefined(callee));
  if (const Callable* callable = callee.callable()) {
    if (callable->macro) return call_macro(*callable, args);
    return callable->function(*this, callable->self, args);
  }
  if (callee.loop()) return call_loop(*callee.loop(), args);
  return template_error(fmt::format("'{}' object is not callable", type_name(callee)));
}

Result<Value> Render::call_macro(const Callable& macro, const Args& args) {
  Scope* scope = new_scope(macro.scope);
  Scope* outer = std::exchange(scope_, scope);  // defaults see the parameters before them
  auto status = bind_parameters(*macro.macro, args, *scope);
  scope_ = outer;
  if (!status) return std::unexpected(std::move(status).error());
  return capture(macro.macro->body, scope);
}

Render::Status Render::bind_parameters(const MacroNode& macro, const Args& args, Scope& scope) {
  QUIRE_TRY_VOID(bind_extra(macro, args, scope));
  for (size_t i = 0; i < macro.parameters.size(); ++i) {
    const Parameter& parameter = macro.parameters[i];
    const Value* named = args.find_named(parameter.name);
    if (i < args.positional.size()) {
      if (named) return template_error(fmt::format("macro '{}' got '{}' twice", macro.name, parameter.name));
      scope.set(parameter.symbol, args.positional[i]);
    } else if (named) {
      scope.set(parameter.symbol, *named);
    } else if (parameter.default_value) {
      QUIRE_TRY(Value value, eval(*parameter.default_value));
      scope.set(parameter.symbol, std::move(value));
    } else {
      scope.set(parameter.symbol, undefined(fmt::format("parameter '{}' was not provided", parameter.name)));
    }
  }
  return {};
}

// Arguments that no parameter takes: what the macro sees as `varargs`, `kwargs` and `caller`.
Render::Status Render::bind_extra(const MacroNode& macro, const Args& args, Scope& scope) {
  const size_t count = macro.parameters.size();
  if (args.positional.size() > count && !macro.uses_varargs) {
    return template_error(fmt::format("macro '{}' takes not more than {} arguments", macro.name, count));
  }
  std::vector<Value> varargs;
  for (size_t i = count; i < args.positional.size(); ++i) varargs.push_back(args.positional[i]);
  Dict* kwargs = heap_.dict();
  Value caller = undefined("no caller defined");
  for (const auto& [name, value] : args.named) {
    bool is_parameter = false;
    for (const Parameter& parameter : macro.parameters) is_parameter |= parameter.name == name;
    if (is_parameter) continue;
    if (name == "caller" && macro.uses_caller) {
      caller = value;
    } else if (macro.uses_kwargs) {
      kwargs->set(heap_.text(args.key(name)), value);
    } else {
      return template_error(fmt::format("macro '{}' takes no keyword argument '{}'", macro.name, name));
    }
  }
  if (macro.uses_caller) scope.set(symbol_caller, caller);
  if (macro.uses_varargs) scope.set(symbol_varargs, heap_.sequence(SequenceType::tuple, std::move(varargs)));
  if (macro.uses_kwargs) scope.set(symbol_kwargs, Value(kwargs));
  return {};
}

Result<std::vector<Value>> Render::collect(const Value& iterable) {
  if (!Cursor::is_iterable(iterable)) {
    return template_error(fmt::format("'{}' object is not iterable", type_name(iterable)));
  }
  std::vector<Value> items;
  if (const MarkedText* text = iterable.text()) {
    QUIRE_TRY_VOID(reserve(text->bytes.size() * (Heap::value_bytes + Heap::text_bytes)));
  }
  Cursor cursor(iterable);
  while (std::optional<Value> item = cursor.next(heap_)) {
    items.push_back(*std::move(item));
    QUIRE_TRY_VOID(step());
  }
  return items;
}

Result<Str> Render::to_text(const Value& value) {
  if (const Str* str = value.as<Str>()) return *str;
  TextBuilder text;
  QUIRE_TRY_VOID(append_str(*this, text, value));
  const Value made = heap_.text(text.take());
  return *made.as<Str>();
}

}  // namespace quire::jinja
