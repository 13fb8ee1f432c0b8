// Statements. Pipelines are in parser_pipelines.cpp.
#include "text/gotemplate/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "text/depth_guard.h"
#include "text/gotemplate/literals.h"

namespace quire::gotemplate {

namespace {

// Templates of real models nest about 8 blocks.
constexpr int depth_max = 100;

bool is_space(const MarkedText& text) { return text.bytes.find_first_not_of(" \t\r\n\v\f") == std::string::npos; }

// Nothing but white space: a definition like this gives way to another of its name.
bool is_blank(const Body& body) {
  return std::all_of(body.begin(), body.end(), [](const Statement& statement) {
    const auto* text = std::get_if<statement::Text>(&statement.node);
    return text && is_space(*text->text);
  });
}

}  // namespace

Result<Syntax> parse(std::string_view source) {
  QUIRE_TRY(auto tokens, tokenize(source));
  return Parser(std::move(tokens)).parse();
}

Result<Syntax> Parser::parse() {
  while (!is(TokenType::end)) {
    if (is_action("define")) {
      QUIRE_TRY_VOID(definition());
      continue;
    }
    if (is_action("end") || is_action("else")) return error("there is no block for this to end");
    QUIRE_TRY(Statement parsed, statement());
    syntax_.body.push_back(std::move(parsed));
  }
  // The template itself is the one without a name.
  const auto unnamed = syntax_.definitions.find("");
  if (unnamed != syntax_.definitions.end() && !is_blank(unnamed->second) && !is_blank(syntax_.body)) {
    return error("two definitions of the template \"\"");
  }
  return std::move(syntax_);
}

bool Parser::is_action(std::string_view word) const {
  return is(TokenType::action_begin) && ahead().type == TokenType::word && ahead().text == word;
}

Parser::Status Parser::expect(TokenType type, std::string_view what) {
  if (!is(type)) return unexpected(what);
  next();
  return {};
}

std::unexpected<Error> Parser::unexpected(std::string_view where) const {
  if (is(TokenType::end)) return error(fmt::format("the template ends in {}", where));
  return error(fmt::format("unexpected '{}' in {}", current().text, where));
}

Result<Body> Parser::body() {
  const DepthGuard guard(depth_);
  if (depth_ > depth_max) return error("blocks are nested too deeply");
  Body statements;
  while (!is_action("end") && !is_action("else")) {
    if (is(TokenType::end)) return error("a block has no {{ end }}");
    QUIRE_TRY(Statement parsed, statement());
    statements.push_back(std::move(parsed));
  }
  return statements;
}

Result<Statement> Parser::statement() {
  const uint32_t line = current().line;
  if (is(TokenType::text)) {
    auto text = std::make_shared<const MarkedText>(plain_text(std::string(current().text)));
    next();
    return Statement{.line = line, .node = statement::Text{std::move(text)}};
  }
  next();  // {{
  QUIRE_TRY(Statement parsed, action());
  parsed.line = line;
  return parsed;
}

Result<Statement> Parser::action() {
  if (is_word("if") || is_word("with")) return if_statement(current().text);
  if (is_word("range")) return range_statement();
  if (is_word("template")) return call_statement();
  if (is_word("block")) return block_statement();
  if (is_word("break") || is_word("continue")) return loop_control();
  if (is_word("define")) return error("define inside a block");
  QUIRE_TRY(PipelinePtr parsed, pipeline("an action", TokenType::action_end));
  QUIRE_TRY_VOID(end_of_action("an action"));
  return Statement{.node = statement::Action{std::move(parsed)}};
}

Result<Statement> Parser::if_statement(std::string_view word) {
  const size_t outer_variables = variables_.size();
  statement::If parsed{.sets_dot = word == "with", .branches = {}, .otherwise = {}};
  while (true) {
    next();  // if, with
    QUIRE_TRY(PipelinePtr condition, pipeline(word, TokenType::action_end));
    QUIRE_TRY_VOID(end_of_action(word));
    QUIRE_TRY(Body then, body());
    parsed.branches.push_back({.condition = std::move(condition), .body = std::move(then)});
    if (!is_action("else") || ahead(2).type != TokenType::word || ahead(2).text != word) break;
    next();
    next();
  }
  QUIRE_TRY_VOID(else_branch(parsed.otherwise));
  variables_.resize(outer_variables);
  return Statement{.node = std::move(parsed)};
}

Result<Statement> Parser::range_statement() {
  const size_t outer_variables = variables_.size();
  next();
  statement::Range parsed;
  QUIRE_TRY(parsed.items, pipeline("range", TokenType::action_end));
  QUIRE_TRY_VOID(end_of_action("range"));
  {
    const DepthGuard guard(range_depth_);
    QUIRE_TRY(parsed.body, body());
  }
  QUIRE_TRY_VOID(else_branch(parsed.otherwise));
  variables_.resize(outer_variables);
  return Statement{.node = std::move(parsed)};
}

// {{ else }} with its body, if it is there, and {{ end }}.
Parser::Status Parser::else_branch(Body& otherwise) {
  if (is_action("else")) {
    next();
    next();
    QUIRE_TRY_VOID(end_of_action("else"));
    QUIRE_TRY(otherwise, body());
  }
  return end_of_block();
}

Parser::Status Parser::end_of_block() {
  if (!is_action("end")) return error("expected {{ end }}");
  next();
  next();
  return end_of_action("end");
}

Result<Statement> Parser::loop_control() {
  const bool breaks = is_word("break");
  if (range_depth_ == 0) return error(fmt::format("{} outside of range", current().text));
  next();
  QUIRE_TRY_VOID(end_of_action(breaks ? "break" : "continue"));
  if (breaks) return Statement{.node = statement::Break{}};
  return Statement{.node = statement::Continue{}};
}

Result<Statement> Parser::call_statement() {
  next();
  statement::Call parsed;
  QUIRE_TRY(parsed.name, name());
  if (!is(TokenType::action_end)) {
    QUIRE_TRY(parsed.argument, pipeline("template", TokenType::action_end));
  }
  QUIRE_TRY_VOID(end_of_action("template"));
  return Statement{.node = std::move(parsed)};
}

Result<Statement> Parser::block_statement() {
  next();
  statement::Call parsed;
  QUIRE_TRY(parsed.name, name());
  QUIRE_TRY(parsed.argument, pipeline("block", TokenType::action_end));
  QUIRE_TRY_VOID(end_of_action("block"));
  QUIRE_TRY_VOID(define(parsed.name));
  return Statement{.node = std::move(parsed)};
}

Parser::Status Parser::definition() {
  next();  // {{
  next();  // define
  QUIRE_TRY(std::string defined, name());
  QUIRE_TRY_VOID(end_of_action("define"));
  return define(std::move(defined));
}

Parser::Status Parser::define(std::string name) {
  auto outer_variables = std::exchange(variables_, {"$"});
  const int outer_ranges = std::exchange(range_depth_, 0);
  QUIRE_TRY(Body defined, body());
  QUIRE_TRY_VOID(end_of_block());
  variables_ = std::move(outer_variables);
  range_depth_ = outer_ranges;
  Body& known = syntax_.definitions[name];
  if (is_blank(defined) && !known.empty()) return {};
  if (!is_blank(known)) return error(fmt::format("two definitions of the template \"{}\"", name));
  known = std::move(defined);
  return {};
}

Result<std::string> Parser::name() {
  if (!is(TokenType::string) && !is(TokenType::raw_string)) return unexpected("the place of a template's name");
  const std::string_view quoted = current().text;
  next();
  return string_literal(quoted);
}

}  // namespace quire::gotemplate
