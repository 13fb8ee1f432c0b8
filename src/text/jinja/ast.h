// The parsed form of a template. Immutable after parsing; shared by all renders.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "text/jinja/value.h"

namespace quire::jinja {

struct Expr;
struct Stmt;
using ExprPtr = std::unique_ptr<const Expr>;
using Body = std::vector<Stmt>;

// Names are numbered while parsing, so that scopes compare integers.
using Symbol = int32_t;

enum class BinaryOp : unsigned char { add, subtract, multiply, divide, floor_divide, modulo, power };
enum class UnaryOp : unsigned char { negate, plus, logical_not };
enum class CompareOp : unsigned char { equal, not_equal, less, less_equal, greater, greater_equal, in, not_in };

// The implementations of a filter and of a test (functions.h); null where the name is not known.
struct FilterEntry;
struct TestEntry;

struct Arguments {
  std::vector<ExprPtr> positional;
  std::vector<std::pair<std::string, ExprPtr>> named;
  ExprPtr star;         // *args
  ExprPtr double_star;  // **kwargs
};

namespace expr {
struct Constant {
  Value value;
};
struct Name {
  Symbol symbol;
};
struct List {
  std::vector<ExprPtr> items;
};
struct Tuple {
  std::vector<ExprPtr> items;
};
struct DictLiteral {
  std::vector<std::pair<ExprPtr, ExprPtr>> items;
};
struct GetAttribute {
  ExprPtr object;
  std::string name;
};
struct GetItem {
  ExprPtr object;
  ExprPtr key;
};
struct Slice {
  ExprPtr object;
  ExprPtr start, stop, step;
};
struct Call {
  ExprPtr callee;
  Arguments arguments;
};
struct Filter {
  ExprPtr subject;
  std::string name;
  const FilterEntry* entry;
  Arguments arguments;
};  // subject: null in a filter block
struct Test {
  ExprPtr subject;
  std::string name;
  const TestEntry* entry;
  Arguments arguments;
  bool negated;
};
struct Unary {
  UnaryOp op;
  ExprPtr operand;
};
struct Binary {
  BinaryOp op;
  ExprPtr left, right;
};
struct Concat {
  std::vector<ExprPtr> parts;
};
struct Compare {
  ExprPtr first;
  std::vector<std::pair<CompareOp, ExprPtr>> rest;
};
struct And {
  ExprPtr left, right;
};
struct Or {
  ExprPtr left, right;
};
struct Conditional {
  ExprPtr condition, then, otherwise;
};  // otherwise may be null
struct NamespaceTarget {
  Symbol symbol;
  std::string attribute;
};  // only on the left of {% set %}
}  // namespace expr

struct Expr {
  using Node = std::variant<expr::Constant, expr::Name, expr::List, expr::Tuple, expr::DictLiteral, expr::GetAttribute,
                            expr::GetItem, expr::Slice, expr::Call, expr::Filter, expr::Test, expr::Unary, expr::Binary,
                            expr::Concat, expr::Compare, expr::And, expr::Or, expr::Conditional, expr::NamespaceTarget>;
  uint32_t line = 0;
  uint32_t height = 0;  // of the tree below, bounded by the parser: destruction and evaluation recurse over it
  Node node;
};

struct Parameter {
  Symbol symbol = 0;
  std::string name;
  ExprPtr default_value;  // may be null
};

// A macro, or the body of a {% call %} block.
struct MacroNode {
  std::string name;
  uint32_t line = 0;
  std::vector<Parameter> parameters;
  Body body;
  bool uses_varargs = false, uses_kwargs = false, uses_caller = false;
};

namespace stmt {
struct Data {
  Str text;
};
struct Print {
  ExprPtr value;
};
struct For {
  ExprPtr target, iterable, filter;  // filter may be null
  Body body, otherwise;
  bool is_recursive = false;
};
struct If {
  std::vector<std::pair<ExprPtr, Body>> branches;
  Body otherwise;
};
struct Set {
  ExprPtr target, value;
};
struct SetBlock {
  ExprPtr target, filter;
  Body body;
};  // filter may be null
struct Macro {
  Symbol symbol;
  std::unique_ptr<const MacroNode> macro;
};
struct CallBlock {
  ExprPtr call;
  std::unique_ptr<const MacroNode> caller;
};
struct FilterBlock {
  ExprPtr filter;
  Body body;
};
struct With {
  std::vector<std::pair<ExprPtr, ExprPtr>> assignments;
  Body body;
};  // also {% generation %}
struct Break {};
struct Continue {};
}  // namespace stmt

struct Stmt {
  using Node = std::variant<stmt::Data, stmt::Print, stmt::For, stmt::If, stmt::Set, stmt::SetBlock, stmt::Macro,
                            stmt::CallBlock, stmt::FilterBlock, stmt::With, stmt::Break, stmt::Continue>;
  uint32_t line = 0;
  Node node;
};

// Symbols with a meaning of their own; the parser numbers them first.
enum WellKnown : Symbol { symbol_loop, symbol_caller, symbol_varargs, symbol_kwargs, well_known_count };

struct Ast {
  Body body;
  std::vector<std::string> symbols;  // by Symbol
};

}  // namespace quire::jinja
