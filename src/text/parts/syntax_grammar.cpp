// What an answer with calls may be, as a grammar.
#include <array>

#include "text/parts/call_grammar.h"
#include "text/parts/harmony.h"
#include "text/parts/syntax.h"

namespace quire::parts {
namespace {

using constraint::Grammar;
using constraint::NodeId;

// Messages: thinking and what is said before calls, then a call or the answer.
Result<NodeId> write_harmony(CallGrammar& writer, std::span<const ToolSchema> tools, bool required) {
  constexpr std::array ends = {std::string_view("<|end|>"), std::string_view("<|call|>"),
                               std::string_view("<|return|>"), std::string_view("<|start|>"),
                               std::string_view("<|channel|>")};
  QUIRE_TRY(const NodeId text, writer.text_without(ends));
  std::vector<NodeId> last;
  for (const ToolSchema& tool : tools) {
    QUIRE_TRY(const NodeId object, writer.json(tool.strict ? std::string_view(tool.parameters) : std::string_view{}));
    const std::string to = " to=functions." + tool.name;
    const NodeId header = writer.grammar().choice({writer.mark("<|channel|>commentary" + to + " <|constrain|>json"),
                                                   writer.mark(to + "<|channel|>commentary json")});
    last.push_back(writer.sequence({header, writer.mark("<|message|>"), object}));
  }
  if (!required) last.push_back(writer.sequence({writer.mark("<|channel|>final<|message|>"), text}));
  const NodeId channel = writer.grammar().choice({writer.mark("analysis"), writer.mark("commentary")});
  const NodeId before = writer.sequence({writer.mark("<|channel|>"), channel, writer.mark("<|message|>"), text,
                                         writer.mark("<|end|><|start|>assistant")});
  return writer.sequence({writer.grammar().repeat(before, 0), writer.grammar().choice(std::move(last))});
}

// Text in which no call begins. Where a call needs no mark, text does not begin as one.
Result<NodeId> write_text(CallGrammar& writer, const SyntaxRow& row) {
  std::vector<std::string_view> openers;
  constraint::ByteSet begins;
  for (const CallForm& form : row.calls) {
    if (form.at_start) {
      begins.set(static_cast<unsigned char>(form.opener.front()));
    } else {
      openers.push_back(form.opener);
      if (begins.any()) begins.set(static_cast<unsigned char>(form.opener.front()));
    }
  }
  QUIRE_TRY(const NodeId text, writer.text_without(openers));
  if (begins.none()) return text;
  for (const char byte : {' ', '\t', '\r', '\n', '\xff'}) begins.set(static_cast<unsigned char>(byte));
  Grammar& grammar = writer.grammar();
  return writer.optional(grammar.sequence({writer.white(), grammar.byte_set(~begins), text}));
}

Result<NodeId> write_answer(CallGrammar& writer, const SyntaxRow& row, std::span<const ToolSchema> tools, bool required,
                            bool parallel, bool thinks) {
  const auto at_start = std::ranges::find_if(row.calls, [](const CallForm& form) { return form.at_start; });
  const CallForm& form = at_start == row.calls.end() ? row.calls.front() : *at_start;
  std::vector<NodeId> ways;
  for (const CallForm& other : row.calls) {
    // The same form behind another opener; not one that is there since models forget the opener.
    if (other.read != form.read || other.opener == other.tagged.name_begin || other.at_start != form.at_start) continue;
    QUIRE_TRY(const NodeId way, write_calls(writer, other, tools, parallel));
    ways.push_back(way);
  }
  const NodeId calls = writer.grammar().choice(std::move(ways));
  std::vector<NodeId> nodes;
  if (thinks && !row.thinking_begin.empty()) {
    const std::array ends = {row.thinking_end};
    QUIRE_TRY(const NodeId thinking, writer.text_without(ends));
    nodes.push_back(writer.optional(
        writer.sequence({writer.white(), writer.mark(row.thinking_begin), thinking, writer.mark(row.thinking_end)})));
  }
  if (required) {
    nodes.push_back(writer.white());
    nodes.push_back(calls);
  } else {
    QUIRE_TRY(const NodeId text, write_text(writer, row));
    nodes.push_back(form.at_start ? writer.grammar().choice({text, calls})
                                  : writer.sequence({text, writer.optional(calls)}));
  }
  return writer.sequence(std::move(nodes));
}

}  // namespace

Result<Grammar> Syntax::calls_grammar(std::span<const ToolSchema> tools, bool required, std::string_view name,
                                      bool parallel, std::span<const std::string> control, bool thinks) const {
  std::vector<ToolSchema> callable;
  for (const ToolSchema& tool : tools) {
    if (name.empty() || tool.name == name) callable.push_back(tool);
  }
  if (callable.empty()) return fail(ErrorKind::invalid, "no tool that could be called was given");
  if (!has_calls()) return fail(ErrorKind::unsupported, "this model's template has no form for calls of tools");
  Grammar grammar;
  CallGrammar writer(grammar, control);
  QUIRE_TRY(const NodeId root, row_->read == read_harmony
                                   ? write_harmony(writer, callable, required)
                                   : write_answer(writer, *row_, callable, required, parallel, thinks));
  grammar.set_root(root);
  return grammar;
}

}  // namespace quire::parts
