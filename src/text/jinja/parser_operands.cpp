// Literals, names, and what follows an operand: attributes, subscripts, calls, filters and tests.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "text/jinja/functions.h"
#include "text/jinja/heights.h"
#include "text/jinja/parser.h"

namespace quire::jinja {

Parser::Expression Parser::primary(bool with_namespace) {
  const Token& token = current();
  switch (token.type) {
    case TokenType::name:
      return name_expression(with_namespace);
    case TokenType::string:
      return string_literal();
    case TokenType::integer:
      return integer_literal();
    case TokenType::real:
      return real_literal();
    default:
      break;
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
  return constant(line, Value(std::make_shared<const MarkedText>(plain_text(std::move(text)))));
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
    return std::all_of(items->items.begin(), items->items.end(),
                       [](const ExprPtr& item) { return is_assignable(*item); });
  }
  return std::holds_alternative<expr::Name>(node.node) || std::holds_alternative<expr::NamespaceTarget>(node.node);
}

Parser::Expression Parser::target(bool with_namespace, std::string_view end_name) {
  QUIRE_TRY(ExprPtr node, tuple({.only_targets = true, .with_namespace = with_namespace, .end_name = end_name}));
  if (!is_assignable(*node)) return error("this cannot be assigned to");
  return node;
}

}  // namespace quire::jinja
