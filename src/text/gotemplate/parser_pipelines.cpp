// Pipelines and their operands.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "text/depth_guard.h"
#include "text/gotemplate/functions.h"
#include "text/gotemplate/literals.h"
#include "text/gotemplate/parser.h"

namespace quire::gotemplate {

namespace {

// Parentheses inside parentheses. Templates of real models nest about 4.
constexpr int depth_max = 100;

constexpr std::array<std::string_view, 10> keywords = {"block", "break", "continue", "define",   "else",
                                                       "end",   "if",    "range",    "template", "with"};

// Only the first command of a pipeline can be a value; the others receive what is in front of them.
bool receives(const Command& command) {
  const Operand& first = command.front();
  return !std::holds_alternative<operand::Dot>(first) && !std::holds_alternative<operand::Nil>(first) &&
         !std::holds_alternative<operand::Constant>(first);
}

}  // namespace

Result<PipelinePtr> Parser::pipeline(std::string_view where, TokenType end) {
  Pipeline parsed{.line = current().line};
  QUIRE_TRY_VOID(declarations(parsed, where));
  while (!is(end)) {
    QUIRE_TRY(Command next_command, command(end));
    if (!parsed.commands.empty() && !receives(next_command)) return error("a value cannot receive a value");
    parsed.commands.push_back(std::move(next_command));
    if (!is(TokenType::pipe)) break;
    next();
  }
  if (parsed.commands.empty()) return error(fmt::format("{} without a value", where));
  return std::make_shared<const Pipeline>(std::move(parsed));
}

Parser::Status Parser::declarations(Pipeline& pipeline, std::string_view where) {
  while (is(TokenType::variable)) {
    const TokenType behind = ahead().type;
    if (behind != TokenType::declare && behind != TokenType::assign && behind != TokenType::comma) return {};
    pipeline.variables.emplace_back(current().text);
    variables_.emplace_back(current().text);
    next();
    next();
    if (behind != TokenType::comma) {
      pipeline.assigns = behind == TokenType::assign;
      return {};
    }
    if (where != "range" || pipeline.variables.size() > 1) return error(fmt::format("too many variables in {}", where));
    if (!is(TokenType::variable)) return unexpected("the variables of range");
  }
  return {};
}

Result<Command> Parser::command(TokenType end) {
  Command parsed;
  while (true) {
    QUIRE_TRY(Operand next_operand, operand());
    parsed.push_back(std::move(next_operand));
    if (is(TokenType::pipe) || is(end)) return parsed;
    if (!current().follows_space) return unexpected("an operand");
  }
}

Result<Operand> Parser::operand() {
  const std::string_view text = current().text;
  switch (current().type) {
    case TokenType::dot:
      next();
      return operand::Dot{};
    case TokenType::field:
      // Fields are adjacent: what follows a space is another operand, and the first one always does.
      return operand::Field{.names = fields()};
    case TokenType::variable:
      return variable();
    case TokenType::word:
      return word();
    case TokenType::open:
      return parentheses();
    case TokenType::number:
      return constant(number_literal(text));
    case TokenType::character:
      return constant(character_literal(text));
    case TokenType::string:
    case TokenType::raw_string: {
      QUIRE_TRY(const std::string bytes, string_literal(text));
      return constant(plain(bytes));
    }
    default:
      return unexpected("a pipeline");
  }
}

std::vector<std::string> Parser::fields() {
  std::vector<std::string> names;
  while (is(TokenType::field) && (names.empty() || !current().follows_space)) {
    names.emplace_back(current().text.substr(1));
    next();
  }
  return names;
}

Result<Operand> Parser::constant(Result<Value> value) {
  if (!value) return error(value.error().message);
  next();
  return operand::Constant{.value = *std::move(value)};
}

Result<Operand> Parser::variable() {
  std::string name(current().text);
  if (std::find(variables_.begin(), variables_.end(), name) == variables_.end()) {
    return error(fmt::format("the variable {} is not defined", name));
  }
  next();
  operand::Variable parsed{.name = std::move(name), .fields = {}};
  if (!current().follows_space) parsed.fields = fields();
  return parsed;
}

Result<Operand> Parser::word() {
  const std::string_view text = current().text;
  if (text == "true" || text == "false") return constant(Value(text == "true"));
  if (text == "nil") {
    next();
    return operand::Nil{};
  }
  if (std::find(keywords.begin(), keywords.end(), text) != keywords.end()) return unexpected("a pipeline");
  const Function* function = find_function(text);
  if (!function) return error(fmt::format("there is no function {}", text));
  next();
  operand::Call parsed{.function = function, .fields = {}};
  if (!current().follows_space) parsed.fields = fields();
  return parsed;
}

Result<Operand> Parser::parentheses() {
  const DepthGuard guard(depth_);
  if (depth_ > depth_max) return error("parentheses are nested too deeply");
  next();
  operand::Parentheses parsed;
  QUIRE_TRY(parsed.pipeline, pipeline("parentheses", TokenType::close));
  QUIRE_TRY_VOID(expect(TokenType::close, "parentheses"));
  if (!current().follows_space) parsed.fields = fields();
  return parsed;
}

}  // namespace quire::gotemplate
