// The parsed form of a template. Never changed after parsing; shared by all renders.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "text/gotemplate/value.h"

namespace quire::gotemplate {

struct Function;
struct Pipeline;
struct Statement;
using PipelinePtr = std::shared_ptr<const Pipeline>;
using Body = std::vector<Statement>;

namespace operand {
struct Dot {};
struct Nil {};
struct Constant {
  Value value;
};
// .A.B
struct Field {
  std::vector<std::string> names;
};
// $x.A.B
struct Variable {
  std::string name;  // with its dollar
  std::vector<std::string> fields;
};
// A function without arguments, or with those behind it; its fields are those of the result.
struct Call {
  const Function* function;
  std::vector<std::string> fields;
};
// (pipeline).A.B
struct Parentheses {
  PipelinePtr pipeline;
  std::vector<std::string> fields;
};
}  // namespace operand

using Operand = std::variant<operand::Dot, operand::Nil, operand::Constant, operand::Field, operand::Variable,
                             operand::Call, operand::Parentheses>;

// An operand, with its arguments behind it if it takes some. Never empty.
using Command = std::vector<Operand>;

// $a, $b := command | command
struct Pipeline {
  uint32_t line = 0;
  std::vector<std::string> variables;
  bool assigns = false;  // = instead of :=
  std::vector<Command> commands;
};

namespace statement {
struct Text {
  Str text;
};
// Prints, unless the pipeline has variables.
struct Action {
  PipelinePtr pipeline;
};
struct Branch {
  PipelinePtr condition;
  Body body;
};
// {{ if }} or {{ with }}, each {{ else if }} or {{ else with }} a branch of its own.
struct If {
  bool sets_dot = false;  // with
  std::vector<Branch> branches;
  Body otherwise;
};
struct Range {
  PipelinePtr items;
  Body body;
  Body otherwise;
};
// {{ template "name" pipeline }}
struct Call {
  std::string name;
  PipelinePtr argument;  // may be null
};
struct Break {};
struct Continue {};
}  // namespace statement

struct Statement {
  using Node = std::variant<statement::Text, statement::Action, statement::If, statement::Range, statement::Call,
                            statement::Break, statement::Continue>;
  uint32_t line = 0;
  Node node;
};

struct Syntax {
  Body body;
  std::map<std::string, Body, std::less<>> definitions;  // by define and block
};

}  // namespace quire::gotemplate
