#include <fmt/format.h>

#include "text/jinja/parser.h"

namespace quire::jinja {

namespace {

constexpr int body_depth_max = 100;

template <typename Node>
Result<Stmt> made(uint32_t line, Node node) {
  Stmt stmt;
  stmt.line = line;
  stmt.node = std::move(node);
  return stmt;
}

}  // namespace

Result<Ast> Parser::parse() {
  Ast ast;
  QUIRE_TRY(ast.body, body({}));
  ast.symbols = std::move(symbols_);
  return ast;
}

// What follows a tag up to one of the tags in `ends`, at whose name the parser then stands, or behind it.
Result<Body> Parser::body_until(Names ends, bool drops_end) {
  skip_op(":");
  QUIRE_TRY_VOID(expect(TokenType::block_end, "the end of the tag"));
  if (++body_depth_ > body_depth_max) return error("blocks are nested too deeply");
  QUIRE_TRY(Body parsed, body(ends));
  --body_depth_;
  if (drops_end) next();
  return parsed;
}

Result<Body> Parser::body(Names ends) {
  Body parsed;
  while (true) {
    const Token& token = current();
    if (token.type == TokenType::data) {
      parsed.push_back(
          {.line = token.line, .node = stmt::Data{std::make_shared<const MarkedText>(plain_text(token.text))}});
      next();
    } else if (token.type == TokenType::print_begin) {
      const uint32_t line = token.line;
      next();
      QUIRE_TRY(ExprPtr value, tuple({}));
      QUIRE_TRY_VOID(expect(TokenType::print_end, "'}}'"));
      parsed.push_back({.line = line, .node = stmt::Print{std::move(value)}});
    } else if (token.type == TokenType::block_begin) {
      next();
      if (is_one_of(ends)) return parsed;
      QUIRE_TRY(Stmt parsed_statement, statement());
      parsed.push_back(std::move(parsed_statement));
      QUIRE_TRY_VOID(expect(TokenType::block_end, "'%}'"));
    } else {
      if (ends.size() == 0) return parsed;
      return error(fmt::format("unexpected end of the template: '{}' is missing", *(ends.end() - 1)));
    }
  }
}

Result<Stmt> Parser::statement() {
  if (current().type != TokenType::name) return unexpected_token();
  if (is_name("for")) return for_statement();
  if (is_name("if")) return if_statement();
  if (is_name("set")) return set_statement();
  if (is_name("macro")) return macro_statement();
  if (is_name("call")) return call_statement();
  if (is_name("filter")) return filter_statement();
  if (is_name("with")) return with_statement();
  if (is_name("generation")) return generation_statement();
  if (is_one_of({"break", "continue"})) return loop_control();
  if (is_name("print")) {
    const uint32_t line = current().line;
    next();
    QUIRE_TRY(ExprPtr value, expression());
    return made(line, stmt::Print{std::move(value)});
  }
  if (is_one_of({"block", "extends", "include", "import", "from", "autoescape"})) {
    return error(fmt::format("'{}' is not supported in chat templates", current().text));
  }
  return error(fmt::format("unknown tag '{}'", current().text));
}

Result<Stmt> Parser::for_statement() {
  const uint32_t line = current().line;
  next();
  stmt::For node;
  QUIRE_TRY(node.target, target(false, "in"));
  QUIRE_TRY_VOID(expect_name("in"));
  QUIRE_TRY(node.iterable, tuple({.with_conditional = false, .end_name = "recursive"}));
  if (skip_name("if")) {
    QUIRE_TRY(node.filter, expression());
  }
  node.is_recursive = skip_name("recursive");
  ++loop_depth_;
  QUIRE_TRY(node.body, body_until({"else", "endfor"}, false));
  --loop_depth_;
  if (skip_name("else")) {
    QUIRE_TRY(node.otherwise, body_until({"endfor"}, true));
  } else {
    next();
  }
  return made(line, std::move(node));
}

Result<Stmt> Parser::if_statement() {
  const uint32_t line = current().line;
  stmt::If node;
  do {
    next();
    QUIRE_TRY(ExprPtr condition, tuple({.with_conditional = false}));
    QUIRE_TRY(Body branch, body_until({"elif", "else", "endif"}, false));
    node.branches.emplace_back(std::move(condition), std::move(branch));
  } while (is_name("elif"));
  if (skip_name("else")) {
    QUIRE_TRY(node.otherwise, body_until({"endif"}, true));
  } else {
    next();
  }
  return made(line, std::move(node));
}

Result<Stmt> Parser::set_statement() {
  const uint32_t line = current().line;
  next();
  QUIRE_TRY(ExprPtr left, target(true, {}));
  if (skip_op("=")) {
    QUIRE_TRY(ExprPtr value, tuple({}));
    return made(line, stmt::Set{std::move(left), std::move(value)});
  }
  stmt::SetBlock node;
  node.target = std::move(left);
  QUIRE_TRY(node.filter, filter_chain(nullptr, false));
  QUIRE_TRY(node.body, body_until({"endset"}, true));
  return made(line, std::move(node));
}

Result<std::monostate> Parser::signature(MacroNode& macro) {
  QUIRE_TRY_VOID(expect_op("("));
  while (!is_op(")")) {
    if (!macro.parameters.empty()) QUIRE_TRY_VOID(expect_op(","));
    Parameter parameter;
    QUIRE_TRY(parameter.name, take_name());
    parameter.symbol = symbol(parameter.name);
    if (skip_op("=")) {
      QUIRE_TRY(parameter.default_value, expression());
    } else if (!macro.parameters.empty() && macro.parameters.back().default_value) {
      return error("a parameter without a default follows one with a default");
    }
    macro.parameters.push_back(std::move(parameter));
  }
  next();
  return {};
}

Result<std::monostate> Parser::macro_body(MacroNode& macro, std::string_view end) {
  // A loop around the macro is not one that the macro's body could leave.
  const int loops_around = std::exchange(loop_depth_, 0);
  open_macros_.push_back(&macro);
  QUIRE_TRY(macro.body, body_until({end}, true));
  open_macros_.pop_back();
  loop_depth_ = loops_around;
  return {};
}

Result<Stmt> Parser::macro_statement() {
  const uint32_t line = current().line;
  next();
  auto macro = std::make_unique<MacroNode>();
  macro->line = line;
  QUIRE_TRY(macro->name, take_name());
  const Symbol name = symbol(macro->name);
  QUIRE_TRY_VOID(signature(*macro));
  QUIRE_TRY_VOID(macro_body(*macro, "endmacro"));
  return made(line, stmt::Macro{name, std::move(macro)});
}

Result<Stmt> Parser::call_statement() {
  const uint32_t line = current().line;
  next();
  auto caller = std::make_unique<MacroNode>();
  caller->name = "caller";
  caller->line = line;
  if (is_op("(")) QUIRE_TRY_VOID(signature(*caller));
  QUIRE_TRY(ExprPtr called, expression());
  if (!std::holds_alternative<expr::Call>(called->node)) return error("expected a call");
  QUIRE_TRY_VOID(macro_body(*caller, "endcall"));
  return made(line, stmt::CallBlock{std::move(called), std::move(caller)});
}

Result<Stmt> Parser::filter_statement() {
  const uint32_t line = current().line;
  next();
  stmt::FilterBlock node;
  QUIRE_TRY(node.filter, filter_chain(nullptr, true));
  QUIRE_TRY(node.body, body_until({"endfilter"}, true));
  return made(line, std::move(node));
}

Result<Stmt> Parser::with_statement() {
  const uint32_t line = current().line;
  next();
  stmt::With node;
  while (current().type != TokenType::block_end && current().type != TokenType::end) {
    if (!node.assignments.empty()) QUIRE_TRY_VOID(expect_op(","));
    QUIRE_TRY(ExprPtr left, primary(false));
    if (!is_assignable(*left)) return error("this cannot be assigned to");
    QUIRE_TRY_VOID(expect_op("="));
    QUIRE_TRY(ExprPtr value, expression());
    node.assignments.emplace_back(std::move(left), std::move(value));
  }
  QUIRE_TRY(node.body, body_until({"endwith"}, true));
  return made(line, std::move(node));
}

// Marks what an assistant wrote, for training; rendering shows the body.
Result<Stmt> Parser::generation_statement() {
  const uint32_t line = current().line;
  next();
  stmt::With node;
  QUIRE_TRY(node.body, body_until({"endgeneration"}, true));
  return made(line, std::move(node));
}

Result<Stmt> Parser::loop_control() {
  const uint32_t line = current().line;
  if (loop_depth_ == 0) return error(fmt::format("'{}' outside a loop", current().text));
  const bool is_break = is_name("break");
  next();
  if (is_break) return made(line, stmt::Break{});
  return made(line, stmt::Continue{});
}

}  // namespace quire::jinja
