// What an answer with calls may be, as a grammar.
#include <array>

#include "text/parts/call_grammar.h"
#include "text/parts/harmony.h"
#include "text/parts/syntax.h"

namespace quire::parts {
namespace {

using constraint::Grammar;
using constraint::NodeId;

// Text of a message of Harmony's.
Result<NodeId> write_message(CallGrammar& writer) {
  constexpr std::array ends = {std::string_view("<|end|>"), std::string_view("<|call|>"),
                               std::string_view("<|return|>"), std::string_view("<|start|>"),
                               std::string_view("<|channel|>")};
  return writer.text_without(ends);
}

// Messages before the last: thinking and what is said before calls.
NodeId write_messages_before(CallGrammar& writer, NodeId text) {
  const NodeId channel = writer.grammar().choice({writer.mark("analysis"), writer.mark("commentary")});
  const NodeId before = writer.sequence({writer.mark("<|channel|>"), channel, writer.mark("<|message|>"), text,
                                         writer.mark("<|end|><|start|>assistant")});
  return writer.grammar().repeat(before, 0);
}

// Messages, then a call or the answer.
Result<NodeId> write_harmony(CallGrammar& writer, std::span<const ToolSchema> tools, bool required) {
  QUIRE_TRY(const NodeId text, write_message(writer));
  std::vector<NodeId> last;
  for (const ToolSchema& tool : tools) {
    QUIRE_TRY(const NodeId object, writer.json(tool.strict ? std::string_view(tool.parameters) : std::string_view{}));
    const std::string to = " to=functions." + tool.name;
    const NodeId header = writer.grammar().choice({writer.mark("<|channel|>commentary" + to + " <|constrain|>json"),
                                                   writer.mark(to + "<|channel|>commentary json")});
    last.push_back(writer.sequence({header, writer.mark("<|message|>"), object}));
  }
  if (!required) last.push_back(writer.sequence({writer.mark("<|channel|>final<|message|>"), text}));
  return writer.sequence({write_messages_before(writer, text), writer.grammar().choice(std::move(last))});
}

// Thinking that the model begins itself.
Result<NodeId> write_thinking(CallGrammar& writer, const SyntaxRow& row) {
  const std::array ends = {row.thinking_end};
  QUIRE_TRY(const NodeId thinking, writer.text_without(ends));
  return writer.sequence({writer.white(), writer.mark(row.thinking_begin), thinking, writer.mark(row.thinking_end)});
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
    QUIRE_TRY(const NodeId thinking, write_thinking(writer, row));
    nodes.push_back(writer.optional(thinking));
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

Result<Grammar> Syntax::text_grammar(const Grammar& text, std::span<const std::string> control, bool thinks) const {
  Grammar grammar;
  CallGrammar writer(grammar, control);
  NodeId before = grammar.nothing();
  if (row_->read == read_harmony) {
    QUIRE_TRY(const NodeId message, write_message(writer));
    const NodeId header = grammar.choice(
        {writer.mark("<|channel|>final<|message|>"), writer.mark("<|channel|>final <|constrain|>json<|message|>")});
    before = writer.sequence({thinks ? write_messages_before(writer, message) : before, header});
  } else if (thinks && has_thinking()) {
    QUIRE_TRY(const NodeId thinking, write_thinking(writer, *row_));
    before = writer.sequence({thinking, grammar.repeat(grammar.bytes("\n"), 0, 2)});
  }
  const NodeId root = writer.sequence({writer.optional(before), grammar.include(text)});
  grammar.set_root(root);
  return grammar;
}

}  // namespace quire::parts
