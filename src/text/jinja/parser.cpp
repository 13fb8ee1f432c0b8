// Expressions. Statements are in parser_statements.cpp.
#include "text/jinja/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "text/jinja/functions.h"

namespace quire::jinja {

namespace {

// Three steps of the parser for one pair of parentheses: 130 of those. Templates of real models need about 10.
constexpr int depth_max = 400;
// Of a tree; a chain of left-associative operators is as high as it is long.
constexpr uint32_t height_max = 250;

class DepthGuard {
 public:
  explicit DepthGuard(int& depth) : depth_(depth) { ++depth_; }
  ~DepthGuard() { --depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;
  bool is_too_deep() const { return depth_ > depth_max; }

 private:
  int& depth_;
};

uint32_t height_of(const ExprPtr& node) { return node ? node->height : 0; }

template <typename... Nodes>
uint32_t tallest(const Nodes&... nodes) {
  return std::max({height_of(nodes)...});
}

uint32_t tallest_of(const std::vector<ExprPtr>& nodes) {
  uint32_t height = 0;
  for (const ExprPtr& node : nodes) height = std::max(height, node->height);
  return height;
}

uint32_t tallest_of(const Arguments& arguments) {
  uint32_t height = std::max({tallest_of(arguments.positional), height_of(arguments.star), height_of(arguments.double_star)});
  for (const auto& [name, value] : arguments.named) height = std::max(height, value->height);
  return height;
}

Str shared(std::string bytes) { return std::make_shared<const MarkedText>(plain_text(std::move(bytes))); }

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
  if (guard.is_too_deep()) return error("the expression is nested too deeply");
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
  if (guard.is_too_deep()) return error("the expression is nested too deeply");
  const uint32_t line = current().line;
  if (!skip_name("not")) return comparison();
  QUIRE_TRY(ExprPtr operand, not_expression());
  const uint32_t height = operand->height;
  return make(line, expr::Unary{UnaryOp::logical_not, std::move(operand)}, height);
}

Parser::Expression Parser::comparison() {
  static constexpr std::pair<std::string_view, CompareOp> ops[] = {
      {"==", CompareOp::equal},   {"!=", CompareOp::not_equal},     {"<", CompareOp::less},
      {"<=", CompareOp::less_equal}, {">", CompareOp::greater}, {">=", CompareOp::greater_equal}};
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
  if (guard.is_too_deep()) return error("the expression is nested too deeply");
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

Parser::Expression Parser::primary(bool with_namespace) {
  const Token& token = current();
  switch (token.type) {
    case TokenType::name: return name_expression(with_namespace);
    case TokenType::string: return string_literal();
    case TokenType::integer: return integer_literal();
    case TokenType::real: return real_literal();
    default: break;
  }
  if (skip_op("(")) {
    QUIRE_TRY(ExprPtr inner, tuple({.in_parentheses = true}));
    QUIRE_TRY_VOID(expect_op(")"));
    return inner;
  }
  if (is_op("[")) return list_literal();
  if (is_op("{")) return dict_literal();
  return unexpected_token();
}

Parser::Expression Parser::name_expression(bool with_namespace) {
  const uint32_t line = current().line;
  QUIRE_TRY(const std::string name, take_name());
  if (name == "true" || name == "True") return constant(line, Value(true));
  if (name == "false" || name == "False") return constant(line, Value(false));
  if (name == "none" || name == "None") return constant(line, Value(None{}));
  if (with_namespace && skip_op(".")) {
    QUIRE_TRY(std::string attribute_name, take_name());
    return make(line, expr::NamespaceTarget{symbol(name), std::move(attribute_name)}, 0);
  }
  for (MacroNode* macro : open_macros_) {
    macro->uses_caller |= name == "caller";
    macro->uses_varargs |= name == "varargs";
    macro->uses_kwargs |= name == "kwargs";
  }
  return make(line, expr::Name{symbol(name)}, 0);
}

Parser::Expression Parser::string_literal() {
  const uint32_t line = current().line;
  std::string text;
  for (; current().type == TokenType::string; next()) text += current().text;
  return constant(line, Value(shared(std::move(text))));
}

Parser::Expression Parser::integer_literal() {
  const uint32_t line = current().line;
  std::string_view digits = current().text;
  int base = 10;
  if (digits.size() > 2 && digits[0] == '0' && digits[1] > '9') {
    const char prefix = static_cast<char>(digits[1] | 0x20);
    base = prefix == 'x' ? 16 : prefix == 'o' ? 8 : 2;
    digits.remove_prefix(2);
  }
  int64_t value = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (status != std::errc() || end != digits.data() + digits.size()) return error("the integer is too large");
  next();
  return constant(line, integer(value));
}

Parser::Expression Parser::real_literal() {
  const uint32_t line = current().line;
  const std::string& digits = current().text;
  double value = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (status != std::errc()) return error("the number is too large");
  next();
  return constant(line, Value(value));
}

Parser::Expression Parser::list_literal() {
  const uint32_t line = current().line;
  QUIRE_TRY_VOID(expect_op("["));
  std::vector<ExprPtr> items;
  while (!is_op("]")) {
    if (!items.empty()) {
      QUIRE_TRY_VOID(expect_op(","));
      if (is_op("]")) break;
    }
    QUIRE_TRY(ExprPtr item, expression());
    items.push_back(std::move(item));
  }
  next();
  const uint32_t height = tallest_of(items);
  return make(line, expr::List{std::move(items)}, height);
}

Parser::Expression Parser::dict_literal() {
  const uint32_t line = current().line;
  QUIRE_TRY_VOID(expect_op("{"));
  std::vector<std::pair<ExprPtr, ExprPtr>> items;
  uint32_t height = 0;
  while (!is_op("}")) {
    if (!items.empty()) {
      QUIRE_TRY_VOID(expect_op(","));
      if (is_op("}")) break;
    }
    QUIRE_TRY(ExprPtr key, expression());
    QUIRE_TRY_VOID(expect_op(":"));
    QUIRE_TRY(ExprPtr value, expression());
    height = std::max(height, tallest(key, value));
    items.emplace_back(std::move(key), std::move(value));
  }
  next();
  return make(line, expr::DictLiteral{std::move(items)}, height);
}

Parser::Expression Parser::postfix(ExprPtr node) {
  while (true) {
    if (is_op(".")) {
      QUIRE_TRY(node, attribute(std::move(node)));
    } else if (is_op("[")) {
      QUIRE_TRY(node, subscript(std::move(node)));
    } else if (is_op("(")) {
      QUIRE_TRY(node, call(std::move(node)));
    } else {
      return node;
    }
  }
}

Parser::Expression Parser::filters_and_tests(ExprPtr node) {
  while (true) {
    if (is_op("|")) {
      QUIRE_TRY(node, filter_chain(std::move(node), false));
    } else if (is_name("is")) {
      QUIRE_TRY(node, test(std::move(node)));
    } else if (is_op("(")) {
      QUIRE_TRY(node, call(std::move(node)));
    } else {
      return node;
    }
  }
}

// node|a|b(c); a chain that starts inline has no "|" before its first filter, and `node` may be null.
Parser::Expression Parser::filter_chain(ExprPtr node, bool starts_inline) {
  while (starts_inline || skip_op("|")) {
    starts_inline = false;
    QUIRE_TRY(node, filter(std::move(node)));
  }
  return node;
}

Parser::Expression Parser::filter(ExprPtr node) {
  const uint32_t line = current().line;
  QUIRE_TRY(std::string name, take_name());
  while (skip_op(".")) {
    QUIRE_TRY(const std::string part, take_name());
    name += "." + part;
  }
  Arguments parsed;
  if (is_op("(")) {
    QUIRE_TRY(parsed, arguments());
  }
  const FilterEntry* entry = find_filter(name);
  const uint32_t height = std::max(height_of(node), tallest_of(parsed));
  return make(line, expr::Filter{std::move(node), std::move(name), entry, std::move(parsed)}, height);
}

Parser::Expression Parser::test(ExprPtr node) {
  const uint32_t line = current().line;
  QUIRE_TRY_VOID(expect_name("is"));
  const bool negated = skip_name("not");
  QUIRE_TRY(std::string name, take_name());
  while (skip_op(".")) {
    QUIRE_TRY(const std::string part, take_name());
    name += "." + part;
  }
  Arguments parsed;
  const TokenType type = current().type;
  const bool starts_operand = type == TokenType::name || type == TokenType::string || type == TokenType::integer ||
                              type == TokenType::real || is_op("[") || is_op("{");
  if (is_op("(")) {
    QUIRE_TRY(parsed, arguments());
  } else if (starts_operand && !is_one_of({"else", "or", "and"})) {
    if (is_name("is")) return error("tests cannot be chained with 'is'");
    QUIRE_TRY(ExprPtr operand, primary(false));
    QUIRE_TRY(operand, postfix(std::move(operand)));
    parsed.positional.push_back(std::move(operand));
  }
  const TestEntry* entry = find_test(name);
  const uint32_t height = std::max(height_of(node), tallest_of(parsed));
  return make(line, expr::Test{std::move(node), std::move(name), entry, std::move(parsed), negated}, height);
}

Parser::Expression Parser::attribute(ExprPtr node) {
  const uint32_t line = current().line;
  QUIRE_TRY_VOID(expect_op("."));
  const uint32_t height = node->height;
  if (current().type == TokenType::integer) {
    QUIRE_TRY(ExprPtr key, integer_literal());
    return make(line, expr::GetItem{std::move(node), std::move(key)}, height);
  }
  QUIRE_TRY(std::string name, take_name());
  return make(line, expr::GetAttribute{std::move(node), std::move(name)}, height);
}

Parser::Expression Parser::subscript(ExprPtr node) {
  const uint32_t line = current().line;
  QUIRE_TRY_VOID(expect_op("["));
  ExprPtr parts[3];
  int part = 0;
  bool is_slice = false;
  while (!is_op("]")) {
    if (skip_op(":")) {
      is_slice = true;
      if (++part > 2) return error("a slice has at most three parts");
      continue;
    }
    if (parts[part]) return error(fmt::format("expected ']', found '{}'", current().text));
    QUIRE_TRY(parts[part], tuple({.end_name = {}}));
  }
  next();
  const uint32_t height = std::max(node->height, tallest(parts[0], parts[1], parts[2]));
  if (is_slice) {
    expr::Slice slice{std::move(node), std::move(parts[0]), std::move(parts[1]), std::move(parts[2])};
    return make(line, std::move(slice), height);
  }
  if (!parts[0]) return error("expected a subscript, found ']'");
  return make(line, expr::GetItem{std::move(node), std::move(parts[0])}, height);
}

Parser::Expression Parser::call(ExprPtr node) {
  const uint32_t line = current().line;
  QUIRE_TRY(Arguments parsed, arguments());
  const uint32_t height = std::max(node->height, tallest_of(parsed));
  return make(line, expr::Call{std::move(node), std::move(parsed)}, height);
}

Result<Arguments> Parser::arguments() {
  QUIRE_TRY_VOID(expect_op("("));
  Arguments parsed;
  for (bool is_first = true; !is_op(")"); is_first = false) {
    if (!is_first) {
      QUIRE_TRY_VOID(expect_op(","));
      if (is_op(")")) break;
    }
    QUIRE_TRY_VOID(argument(parsed));
  }
  next();
  return parsed;
}

Result<std::monostate> Parser::argument(Arguments& parsed) {
  constexpr std::string_view misplaced = "the arguments of a call are in the wrong order";
  if (skip_op("*")) {
    if (parsed.star || parsed.double_star) return error(misplaced);
    QUIRE_TRY(parsed.star, expression());
  } else if (skip_op("**")) {
    if (parsed.double_star) return error(misplaced);
    QUIRE_TRY(parsed.double_star, expression());
  } else if (current().type == TokenType::name && ahead().type == TokenType::op && ahead().text == "=") {
    if (parsed.double_star) return error(misplaced);
    QUIRE_TRY(std::string name, take_name());
    next();
    QUIRE_TRY(ExprPtr value, expression());
    parsed.named.emplace_back(std::move(name), std::move(value));
  } else {
    if (parsed.star || parsed.double_star || !parsed.named.empty()) return error(misplaced);
    QUIRE_TRY(ExprPtr value, expression());
    parsed.positional.push_back(std::move(value));
  }
  return {};
}

Parser::Expression Parser::tuple(const TupleRules& rules) {
  const uint32_t line = current().line;
  std::vector<ExprPtr> items;
  bool is_tuple = false;
  while (true) {
    const TokenType type = current().type;
    const bool ends = type == TokenType::print_end || type == TokenType::block_end || is_op(")") || is_op("]") ||
                      (!rules.end_name.empty() && is_name(rules.end_name));
    if (ends) break;
    ExprPtr item;
    if (rules.only_targets) {
      QUIRE_TRY(item, primary(rules.with_namespace));
    } else {
      QUIRE_TRY(item, expression(rules.with_conditional));
    }
    items.push_back(std::move(item));
    if (!skip_op(",")) break;
    is_tuple = true;
  }
  return tuple_of(line, std::move(items), is_tuple, rules);
}

Parser::Expression Parser::tuple_of(uint32_t line, std::vector<ExprPtr> items, bool is_tuple, const TupleRules& rules) {
  if (!is_tuple && !items.empty()) return std::move(items.front());
  if (items.empty() && !rules.in_parentheses) return unexpected_token();
  const uint32_t height = tallest_of(items);
  return make(line, expr::Tuple{std::move(items)}, height);
}

bool Parser::is_assignable(const Expr& node) {
  if (const auto* items = std::get_if<expr::Tuple>(&node.node)) {
    return std::all_of(items->items.begin(), items->items.end(), [](const ExprPtr& item) { return is_assignable(*item); });
  }
  return std::holds_alternative<expr::Name>(node.node) || std::holds_alternative<expr::NamespaceTarget>(node.node);
}

Parser::Expression Parser::target(bool with_namespace, std::string_view end_name) {
  QUIRE_TRY(ExprPtr node, tuple({.only_targets = true, .with_namespace = with_namespace, .end_name = end_name}));
  if (!is_assignable(*node)) return error("this cannot be assigned to");
  return node;
}

}  // namespace quire::jinja
