// Tokens -> Syntax. Recursive descent with a bound on depth, so that no source can overflow the stack.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "text/gotemplate/lexer.h"
#include "text/gotemplate/syntax.h"

namespace quire::gotemplate {

// One source, one use. Errors carry the line.
class Parser {
 public:
  // REQUIRES: the source that the tokens point into outlives the parser.
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}
  Result<Syntax> parse();

 private:
  using Status = Result<std::monostate>;

  // Tokens.
  const Token& current() const { return tokens_[at_]; }
  const Token& ahead(size_t count = 1) const { return tokens_[std::min(at_ + count, tokens_.size() - 1)]; }
  void next() { at_ += at_ + 1 < tokens_.size() ? 1 : 0; }
  bool is(TokenType type) const { return current().type == type; }
  bool is_word(std::string_view word) const { return is(TokenType::word) && current().text == word; }
  // {{ word: an action begins here, and this is its first word.
  bool is_action(std::string_view word) const;
  Status expect(TokenType type, std::string_view what);
  Status end_of_action(std::string_view what) { return expect(TokenType::action_end, what); }
  std::unexpected<Error> error(std::string_view what) const { return error_at(current().line, what); }
  std::unexpected<Error> unexpected(std::string_view where) const;

  // Statements. A body ends in front of {{ end }}, {{ else }} or the end of the source.
  Result<Body> body();
  Result<Statement> statement();
  Result<Statement> action();
  Result<Statement> if_statement(std::string_view word);
  Result<Statement> range_statement();
  Result<Statement> call_statement();
  Result<Statement> block_statement();
  Result<Statement> loop_control();
  Status definition();
  // The body of a define or block: a template of its own, which sees none of the variables around it.
  Status define(std::string name);
  Result<std::string> name();
  Status end_of_block();
  Status else_branch(Body& otherwise);

  // Pipelines; they end in front of `end`.
  Result<PipelinePtr> pipeline(std::string_view where, TokenType end);
  Status declarations(Pipeline& pipeline, std::string_view where);
  Result<Command> command(TokenType end);
  Result<Operand> operand();
  Result<Operand> word();
  Result<Operand> variable();
  Result<Operand> constant(Result<Value> value);
  Result<Operand> parentheses();
  std::vector<std::string> fields();

  const std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;        // of blocks and parentheses being parsed
  int range_depth_ = 0;  // of ranges around, within the definition being parsed
  std::vector<std::string> variables_ = {"$"};
  Syntax syntax_;
};

Result<Syntax> parse(std::string_view source);

}  // namespace quire::gotemplate
