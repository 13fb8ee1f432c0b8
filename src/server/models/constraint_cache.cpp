#include "server/models/constraint_cache.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "text/constraint/compiled.h"
#include "text/constraint/front_end.h"
#include "text/constraint/grammar/free_text.h"

namespace quire::server {
namespace {

using constraint::Grammar;
using constraint::NodeId;

// Equal keys are equal shapes for one model.
std::string key_of(const AnswerShape& shape) {
  const auto text = [](std::string_view value) { return fmt::format("{}:{}", value.size(), value); };
  std::string key = fmt::format("{:d}{:d}{:d}{:d}{:d}{}", shape.strict_asked, shape.must_call, shape.parallel_calls,
                                shape.thinks, shape.thinking_begun, shape.thinking_tokens_max.value_or(-1));
  key += text(shape.tool);
  if (shape.text) {
    key += fmt::format("t{}", static_cast<int>(shape.text->kind)) + text(shape.text->text);
    for (const std::string& choice : shape.text->choices) key += text(choice);
  }
  for (const parts::ToolSchema& tool : shape.tools) {
    key += fmt::format("c{:d}", tool.strict) + text(tool.name) + text(tool.parameters);
  }
  return key;
}

// Of each constraint, at most: 32 of them are half a gigabyte in the worst case, and some megabytes as a rule.
constexpr constraint::MemoryBounds memory_bounds{.automaton_bytes = size_t{8} << 20, .masks_bytes = size_t{8} << 20};

// Thinking is a preamble where the prompt has begun it, and where it has a budget, which no grammar counts.
bool thinks_in_preamble(const AnswerShape& shape) {
  return shape.thinks && (shape.thinking_begun || shape.thinking_tokens_max);
}
bool thinks_in_grammar(const AnswerShape& shape) { return shape.thinks && !thinks_in_preamble(shape); }

// What models write between their thinking and an answer.
NodeId gap(Grammar& grammar) { return grammar.repeat(grammar.bytes("\n"), 0, 2); }

}  // namespace

ConstraintCache::ConstraintCache(const Tokenizer& tokenizer, parts::Syntax syntax, std::vector<TokenId> markers)
    : tokenizer_(tokenizer), syntax_(syntax), markers_(std::move(markers)) {
  for (TokenId token = 0; token < tokenizer_.vocab_size(); ++token) {
    if (tokenizer_.is_end(token)) ends_.push_back(token);
  }
}

std::shared_ptr<const constraint::TokenTrie> ConstraintCache::trie() const {
  auto trie = trie_.get();
  if (trie != nullptr) return trie;
  trie = std::make_shared<const constraint::TokenTrie>(constraint::TokenTrie::of(tokenizer_, markers_));
  trie_.set(trie);
  return trie;
}

Result<std::shared_ptr<const Constraint>> ConstraintCache::find_or_compile(const AnswerShape& shape) const {
  constexpr size_t known_max = 32;
  const std::string key = key_of(shape);
  Known known = known_.get();
  if (const auto found = known.find(key); found != known.end()) return found->second;
  QUIRE_TRY(std::shared_ptr<const Constraint> made, compile(shape));
  if (known.size() >= known_max) known.clear();  // those that are in use go on being used
  known.emplace(key, made);
  known_.set(std::move(known));
  return made;
}

constraint::Preamble ConstraintCache::thinking_of(const AnswerShape& shape) const {
  constraint::Preamble preamble{.marker = std::string(syntax_.thinking_end())};
  if (!shape.thinking_begun) preamble.opening = syntax_.thinking_begin();
  for (const TokenId token : markers_) {
    const std::string_view name = tokenizer_.name(token);
    if (preamble.marker.contains(name) || preamble.opening.contains(name)) preamble.named.emplace_back(token, name);
  }
  if (shape.thinking_tokens_max) {
    preamble.tokens_max = static_cast<uint32_t>(*shape.thinking_tokens_max);
    const bool is_control =
        std::ranges::any_of(preamble.named, [&](const auto& one) { return preamble.marker.contains(one.second); });
    if (is_control) {
      preamble.closing = tokenizer_.encode(preamble.marker, false, true);
    } else {
      tokenizer_.encode_further(preamble.marker, preamble.closing);
    }
  }
  return preamble;
}

// Text that is held to its own constraint.
Result<Grammar> ConstraintCache::text_of(const AnswerShape& shape, std::span<const std::string> control,
                                         bool thinks) const {
  QUIRE_TRY(const Grammar text, constraint::grammar_of(*shape.text));
  return syntax_.text_grammar(text, control, thinks);
}

// Calls, or text that is held to its own constraint. A model without a syntax of calls is free where calls are only
// offered: whatever it says of them is content.
Result<Grammar> ConstraintCache::grammar_of(const AnswerShape& shape) const {
  std::vector<std::string> control;
  for (const TokenId token : markers_) control.emplace_back(tokenizer_.name(token));
  const bool thinks = thinks_in_grammar(shape);
  Grammar grammar;
  if (!shape.tools.empty() && (syntax_.has_calls() || shape.must_call)) {
    if (!syntax_.has_calls()) {
      return fail(ErrorKind::unsupported, "the model's template has no calls, and so no answer can be one");
    }
    const bool calls_alone = shape.must_call || shape.text;
    const auto calls_of = [&](std::span<const parts::ToolSchema> tools) {
      return syntax_.calls_grammar(tools, calls_alone, shape.tool, shape.parallel_calls, control, thinks);
    };
    Result<Grammar> calls = calls_of(shape.tools);
    if (!calls && !shape.strict_asked) {
      // Tools come from everywhere, and nobody asked for more than to have them called: any object then.
      spdlog::info("arguments of tools are not held to their schemas: {}", calls.error().message);
      std::vector<parts::ToolSchema> loose = shape.tools;
      for (parts::ToolSchema& tool : loose) tool.strict = false;
      calls = calls_of(loose);
    }
    if (!calls) return std::unexpected(calls.error());
    grammar = *std::move(calls);
    if (shape.text && !shape.must_call) {
      QUIRE_TRY(const Grammar text, text_of(shape, control, thinks));
      const NodeId called = grammar.root();
      grammar.set_root(grammar.choice({grammar.include(text), called}));
    }
    return grammar;
  }
  if (shape.text) return text_of(shape, control, thinks);
  grammar.set_root(grammar.repeat(grammar.byte_set(constraint::ByteSet().set()), 0));
  return grammar;
}

Result<std::shared_ptr<const Constraint>> ConstraintCache::compile(const AnswerShape& shape) const {
  QUIRE_TRY(Grammar grammar, grammar_of(shape));
  std::optional<constraint::Preamble> preamble;
  if (thinks_in_preamble(shape)) {
    preamble = thinking_of(shape);
    const constraint::RuleId answer = grammar.declare("answer");
    grammar.define(answer, grammar.root());
    const NodeId behind = grammar.sequence({gap(grammar), grammar.refer(answer)});
    const NodeId own = grammar.sequence({grammar.bytes(constraint::thought_mark), behind});
    grammar.set_root(shape.thinking_begun ? behind : grammar.choice({grammar.refer(answer), own}));
  }
  QUIRE_TRY(
      std::shared_ptr<const Constraint> made,
      constraint::CompiledConstraint::create(grammar, trie(), ends_, std::move(preamble), memory_bounds, &tokenizer_));
  return made;
}

}  // namespace quire::server
