// Operators. Operands are in parser_operands.cpp, statements in parser_statements.cpp.
#include "text/jinja/parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/depth_guard.h"
#include "text/jinja/heights.h"

namespace quire::jinja {

namespace {

// Three steps of the parser for one pair of parentheses: 130 of those. Templates of real models need about 10.
constexpr int depth_max = 400;
// Of a tree; a chain of left-associative operators is as high as it is long.
constexpr uint32_t height_max = 250;

}  // namespace

Result<Ast> parse(std::string_view source) {
  QUIRE_TRY(auto tokens, tokenize(source));
  return Parser(std::move(tokens)).parse();
}

Parser::Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {
  for (const std::string_view name : {"loop", "caller", "varargs", "kwargs"}) symbol(name);
}

Symbol Parser::symbol(std::string_view name) {
  const auto found = symbol_of_.find(name);
  if (found != symbol_of_.end()) return found->second;
  const auto number = static_cast<Symbol>(symbols_.size());
  symbols_.emplace_back(name);
  symbol_of_.emplace(name, number);
  return number;
}

Parser::Expression Parser::make(uint32_t line, Expr::Node node, uint32_t children_height) {
  if (children_height >= height_max) return error("the expression is nested too deeply or too long");
  auto made = std::make_unique<Expr>();
  made->line = line;
  made->height = children_height + 1;
  made->node = std::move(node);
  return made;
}

Parser::Expression Parser::constant(uint32_t line, Value value) {
  return make(line, expr::Constant{std::move(value)}, 0);
}

std::unexpected<Error> Parser::error(std::string_view what) const {
  return fail(ErrorKind::invalid, fmt::format("line {}: {}", current().line, what));
}

std::unexpected<Error> Parser::unexpected_token() const {
  const Token& token = current();
  if (token.type == TokenType::end) return error("unexpected end of the template");
  if (token.type == TokenType::block_end) return error("unexpected end of the tag");
  return error(fmt::format("unexpected '{}'", token.text));
}

bool Parser::is_one_of(Names names) const {
  return current().type == TokenType::name && std::find(names.begin(), names.end(), current().text) != names.end();
}

bool Parser::skip_op(std::string_view op) {
  if (!is_op(op)) return false;
  next();
  return true;
}

bool Parser::skip_name(std::string_view name) {
  if (!is_name(name)) return false;
  next();
  return true;
}

Result<std::monostate> Parser::expect_op(std::string_view op) {
  if (!skip_op(op)) return error(fmt::format("expected '{}', found '{}'", op, current().text));
  return {};
}

Result<std::monostate> Parser::expect_name(std::string_view name) {
  if (!skip_name(name)) return error(fmt::format("expected '{}', found '{}'", name, current().text));
  return {};
}

Result<std::monostate> Parser::expect(TokenType type, std::string_view what) {
  if (current().type != type) {
    if (current().type == TokenType::end) return error(fmt::format("expected {}, found the end of the template", what));
    return error(fmt::format("expected {}, found '{}'", what, current().text));
  }
  next();
  return {};
}

Result<std::string> Parser::take_name() {
  if (current().type != TokenType::name) return error(fmt::format("expected a name, found '{}'", current().text));
  std::string name = current().text;
  next();
  return name;
}

Parser::Expression Parser::expression(bool with_conditional) {
  const DepthGuard guard(depth_);
  if (depth_ > depth_max) return error("the expression is nested too deeply");
  const uint32_t line = current().line;
  QUIRE_TRY(ExprPtr then, or_expression());
  while (with_conditional && skip_name("if")) {
    QUIRE_TRY(ExprPtr condition, or_expression());
    ExprPtr otherwise;
    if (skip_name("else")) {
      QUIRE_TRY(otherwise, expression());
    }
    const uint32_t height = tallest(condition, then, otherwise);
    QUIRE_TRY(then, make(line, expr::Conditional{std::move(condition), std::move(then), std::move(otherwise)}, height));
  }
  return then;
}

Parser::Expression Parser::or_expression() {
  const uint32_t line = current().line;
  QUIRE_TRY(ExprPtr left, and_expression());
  while (skip_name("or")) {
    QUIRE_TRY(ExprPtr right, and_expression());
    const uint32_t height = tallest(left, right);
    QUIRE_TRY(left, make(line, expr::Or{std::move(left), std::move(right)}, height));
  }
  return left;
}

Parser::Expression Parser::and_expression() {
  const uint32_t line = current().line;
  QUIRE_TRY(ExprPtr left, not_expression());
  while (skip_name("and")) {
    QUIRE_TRY(ExprPtr right, not_expression());
    const uint32_t height = tallest(left, right);
    QUIRE_TRY(left, make(line, expr::And{std::move(left), std::move(right)}, height));
  }
  return left;
}

Parser::Expression Parser::not_expression() {
  const DepthGuard guard(depth_);
  if (depth_ > depth_max) return error("the expression is nested too deeply");
  const uint32_t line = current().line;
  if (!skip_name("not")) return comparison();
  QUIRE_TRY(ExprPtr operand, not_expression());
  const uint32_t height = operand->height;
  return make(line, expr::Unary{UnaryOp::logical_not, std::move(operand)}, height);
}

Parser::Expression Parser::comparison() {
  static constexpr std::pair<std::string_view, CompareOp> ops[] = {
      {"==", CompareOp::equal},      {"!=", CompareOp::not_equal}, {"<", CompareOp::less},
      {"<=", CompareOp::less_equal}, {">", CompareOp::greater},    {">=", CompareOp::greater_equal}};
  const uint32_t line = current().line;
  QUIRE_TRY(ExprPtr first, sum());
  std::vector<std::pair<CompareOp, ExprPtr>> rest;
  uint32_t height = first->height;
  while (true) {
    CompareOp op = CompareOp::in;
    const auto* found = std::find_if(std::begin(ops), std::end(ops), [&](const auto& row) { return is_op(row.first); });
    if (found != std::end(ops)) {
      op = found->second;
      next();
    } else if (is_name("not") && ahead().type == TokenType::name && ahead().text == "in") {
      op = CompareOp::not_in;
      next();
      next();
    } else if (!skip_name("in")) {
      break;
    }
    QUIRE_TRY(ExprPtr operand, sum());
    height = std::max(height, operand->height);
    rest.emplace_back(op, std::move(operand));
  }
  if (rest.empty()) return first;
  return make(line, expr::Compare{std::move(first), std::move(rest)}, height);
}

Parser::Expression Parser::sum() {
  const uint32_t line = current().line;
  QUIRE_TRY(ExprPtr left, concatenation());
  while (is_op("+") || is_op("-")) {
    const BinaryOp op = is_op("+") ? BinaryOp::add : BinaryOp::subtract;
    next();
    QUIRE_TRY(ExprPtr right, concatenation());
    const uint32_t height = tallest(left, right);
    QUIRE_TRY(left, make(line, expr::Binary{op, std::move(left), std::move(right)}, height));
  }
  return left;
}

Parser::Expression Parser::concatenation() {
  const uint32_t line = current().line;
  std::vector<ExprPtr> parts;
  do {
    QUIRE_TRY(ExprPtr part, product());
    parts.push_back(std::move(part));
  } while (skip_op("~"));
  if (parts.size() == 1) return std::move(parts.front());
  const uint32_t height = tallest_of(parts);
  return make(line, expr::Concat{std::move(parts)}, height);
}

Parser::Expression Parser::product() {
  static constexpr std::pair<std::string_view, BinaryOp> ops[] = {
      {"*", BinaryOp::multiply}, {"/", BinaryOp::divide}, {"//", BinaryOp::floor_divide}, {"%", BinaryOp::modulo}};
  const uint32_t line = current().line;
  QUIRE_TRY(ExprPtr left, power());
  while (true) {
    const auto* found = std::find_if(std::begin(ops), std::end(ops), [&](const auto& row) { return is_op(row.first); });
    if (found == std::end(ops)) return left;
    next();
    QUIRE_TRY(ExprPtr right, power());
    const uint32_t height = tallest(left, right);
    QUIRE_TRY(left, make(line, expr::Binary{found->second, std::move(left), std::move(right)}, height));
  }
}

Parser::Expression Parser::power() {
  const uint32_t line = current().line;
  QUIRE_TRY(ExprPtr left, unary(true));
  while (skip_op("**")) {
    QUIRE_TRY(ExprPtr right, unary(true));
    const uint32_t height = tallest(left, right);
    QUIRE_TRY(left, make(line, expr::Binary{BinaryOp::power, std::move(left), std::move(right)}, height));
  }
  return left;
}

Parser::Expression Parser::unary(bool with_filters) {
  const DepthGuard guard(depth_);
  if (depth_ > depth_max) return error("the expression is nested too deeply");
  const uint32_t line = current().line;
  ExprPtr node;
  if (is_op("-") || is_op("+")) {
    const UnaryOp op = is_op("-") ? UnaryOp::negate : UnaryOp::plus;
    next();
    QUIRE_TRY(ExprPtr operand, unary(false));
    const uint32_t height = operand->height;
    QUIRE_TRY(node, make(line, expr::Unary{op, std::move(operand)}, height));
  } else {
    QUIRE_TRY(node, primary(false));
  }
  QUIRE_TRY(node, postfix(std::move(node)));
  if (with_filters) {
    QUIRE_TRY(node, filters_and_tests(std::move(node)));
  }
  return node;
}

}  // namespace quire::jinja
