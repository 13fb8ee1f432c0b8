// How one model writes thinking and calls of tools.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/constraint/grammar/grammar.h"
#include "text/parts/parts.h"

namespace quire::parts {

struct SyntaxRow;

// A tool that an answer may call.
struct ToolSchema {
  std::string name;
  std::string parameters;  // a JSON schema; empty: any object
  bool strict = true;      // arguments keep to it
};

// A row of the table of syntaxes: a value, cheap to copy. Any thread.
class Syntax {
 public:
  // The one that a chat template writes, which the literals in its source tell; else the one that the parser or
  // renderer of an Ollama manifest names ("qwen3-coder", "harmony"; empty: none). Neither: an answer is content alone.
  static Syntax of(std::string_view template_source, std::string_view parser);

  std::string_view name() const;
  bool has_thinking() const;
  bool has_calls() const;
  // What stands around thinking; empty without thinking. The end is all up to what an answer begins with.
  std::string_view thinking_begin() const;
  std::string_view thinking_end() const;
  // Names of control tokens that are part of it: a text stream has to show them.
  std::vector<std::string> markers() const;

  // `prompt_end`: the last bytes of the prompt, which may have begun the thinking or a message already. Without tools
  // there are no calls.
  std::unique_ptr<PartsParser> make_parser(std::string_view prompt_end, std::span<const ToolSchema> tools) const;

  // Answers that this syntax can take apart: text, in which calls of these tools come last, or (`required`) calls
  // alone; where it `thinks`, thinking before them or not (Harmony's channels are always there). Arguments keep to
  // their tool's schema where it is strict. `name`: calls of this tool; empty: of any. `parallel`: as many as the
  // syntax can write. `control`: those of markers() that are control tokens of the vocabulary. An error names what a
  // schema has that cannot be honoured, or is ErrorKind::unsupported.
  Result<constraint::Grammar> calls_grammar(std::span<const ToolSchema> tools, bool required, std::string_view name,
                                            bool parallel, std::span<const std::string> control = {},
                                            bool thinks = true) const;
  // Answers whose text is one of this grammar: behind thinking where it `thinks`, and a header where texts have one.
  Result<constraint::Grammar> text_grammar(const constraint::Grammar& text, std::span<const std::string> control,
                                           bool thinks) const;

 private:
  explicit Syntax(const SyntaxRow& row) : row_(&row) {}
  const SyntaxRow* row_;
};

// An answer of a model without syntax.
std::unique_ptr<PartsParser> plain_parser();

}  // namespace quire::parts
