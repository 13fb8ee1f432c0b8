// How calls are written, as grammars: what the readers of calls read, and nothing else.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "text/constraint/grammar/grammar.h"
#include "text/parts/syntax.h"
#include "text/parts/syntax_table.h"

namespace quire::parts {

// Writes the pieces of one grammar. One thread. `control`: marks that are control tokens of the vocabulary.
class CallGrammar {
 public:
  CallGrammar(constraint::Grammar& grammar, std::span<const std::string> control)
      : grammar_(grammar), control_(control) {}

  constraint::Grammar& grammar() { return grammar_; }
  // Literal text, in which control tokens are themselves.
  constraint::NodeId mark(std::string_view text);
  constraint::NodeId sequence(std::vector<constraint::NodeId> nodes) { return grammar_.sequence(std::move(nodes)); }
  constraint::NodeId optional(constraint::NodeId node) { return grammar_.repeat(node, 0, 1); }
  constraint::NodeId white();  // a little white space, or none
  // Text without these marks.
  Result<constraint::NodeId> text_without(std::span<const std::string_view> marks);
  // JSON that a schema allows; a schema without text: any object.
  Result<constraint::NodeId> json(std::string_view schema);
  // A parameter's value as bare text before `end`, typed as typed_value reads it.
  Result<constraint::NodeId> bare_value(std::string_view schema, std::string_view end);
  // Counts what is read of schemas: each parameter repeats what it refers to. ErrorKind::too_large: over 16 MiB in all.
  Result<void> take_schema(std::string_view text);

 private:
  // Texts before `end` that a schema of strings allows; none where any will do.
  Result<std::optional<constraint::NodeId>> limited_text(const nlohmann::ordered_json& schema, std::string_view end);

  constraint::Grammar& grammar_;
  std::span<const std::string> control_;
  size_t schema_bytes_ = 0;
};

// A parameter of a tool, with what its schema refers to.
struct Parameter {
  std::string name;
  std::string schema;
  bool required = false;
};
struct Parameters {
  std::vector<Parameter> all;  // in the schema's order
  bool open = false;           // it names none, and any may be given
};
Result<Parameters> parameters_of(CallGrammar& writer, const ToolSchema& tool);
// Those of the arguments that the call gives, in their order and with `comma` between two: those that are not required
// may be missing. `write` writes one of them.
Result<constraint::NodeId> separated(CallGrammar& writer, const Parameters& parameters, std::string_view comma,
                                     FunctionRef<Result<constraint::NodeId>(const Parameter&)> write);

// One call of a tool, or several where `parallel` says so, from the opener to the closer.
Result<constraint::NodeId> write_calls(CallGrammar& writer, const CallForm& form, std::span<const ToolSchema> tools,
                                       bool parallel);

}  // namespace quire::parts
