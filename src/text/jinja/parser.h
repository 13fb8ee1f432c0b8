// Tokens -> Ast. Recursive descent with a bound on depth, so that no source can overflow the stack.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/jinja/ast.h"
#include "text/jinja/lexer.h"

namespace quire::jinja {

// One source, one use. Errors carry the line.
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens);
  Result<Ast> parse();

 private:
  using Expression = Result<ExprPtr>;
  using Names = std::initializer_list<std::string_view>;

  // Tokens.
  const Token& current() const { return tokens_[at_]; }
  const Token& ahead() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  void next() { at_ += at_ + 1 < tokens_.size() ? 1 : 0; }
  bool is_op(std::string_view op) const { return current().type == TokenType::op && current().text == op; }
  bool is_name(std::string_view name) const { return current().type == TokenType::name && current().text == name; }
  bool is_one_of(Names names) const;
  bool skip_op(std::string_view op);
  bool skip_name(std::string_view name);
  Result<std::monostate> expect_op(std::string_view op);
  Result<std::monostate> expect_name(std::string_view name);
  Result<std::monostate> expect(TokenType type, std::string_view what);
  Result<std::string> take_name();
  std::unexpected<Error> error(std::string_view what) const;
  std::unexpected<Error> unexpected_token() const;

  // Nodes.
  Symbol symbol(std::string_view name);
  Expression make(uint32_t line, Expr::Node node, uint32_t children_height);
  Expression constant(uint32_t line, Value value);

  // Expressions, loosest binding first.
  Expression expression(bool with_conditional = true);
  Expression or_expression();
  Expression and_expression();
  Expression not_expression();
  Expression comparison();
  Expression sum();
  Expression concatenation();
  Expression product();
  Expression power();
  Expression unary(bool with_filters);
  Expression primary(bool with_namespace);
  Expression name_expression(bool with_namespace);
  Expression integer_literal();
  Expression real_literal();
  Expression string_literal();
  Expression list_literal();
  Expression dict_literal();
  Expression postfix(ExprPtr node);
  Expression filters_and_tests(ExprPtr node);
  Expression filter(ExprPtr node);
  Expression filter_chain(ExprPtr node, bool starts_inline);
  Expression test(ExprPtr node);
  Expression attribute(ExprPtr node);
  Expression subscript(ExprPtr node);
  Expression call(ExprPtr node);
  Result<Arguments> arguments();
  Result<std::monostate> argument(Arguments& parsed);
  struct TupleRules {
    bool only_targets = false;  // names, and namespace attributes where allowed
    bool with_namespace = false;
    bool with_conditional = true;
    bool in_parentheses = false;
    std::string_view end_name = {};  // a name that ends the tuple
  };
  Expression tuple(const TupleRules& rules);
  Expression tuple_of(uint32_t line, std::vector<ExprPtr> items, bool is_tuple, const TupleRules& rules);
  Expression target(bool with_namespace, std::string_view end_name);
  static bool is_assignable(const Expr& node);

  // Statements.
  Result<Body> body_until(Names ends, bool drops_end);
  Result<Body> body(Names ends);
  Result<Stmt> statement();
  Result<Stmt> for_statement();
  Result<Stmt> if_statement();
  Result<Stmt> set_statement();
  Result<Stmt> macro_statement();
  Result<Stmt> call_statement();
  Result<Stmt> filter_statement();
  Result<Stmt> with_statement();
  Result<Stmt> generation_statement();
  Result<Stmt> loop_control();
  Result<std::monostate> signature(MacroNode& macro);
  Result<std::monostate> macro_body(MacroNode& macro, std::string_view end);

  const std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;       // of expressions being parsed
  int body_depth_ = 0;  // of blocks being parsed
  int loop_depth_ = 0;  // of loops around, within the macro being parsed
  std::vector<MacroNode*> open_macros_;
  std::vector<std::string> symbols_;
  std::map<std::string, Symbol, std::less<>> symbol_of_;
};

Result<Ast> parse(std::string_view source);

}  // namespace quire::jinja
