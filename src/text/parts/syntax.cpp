#include "text/parts/syntax.h"

#include <algorithm>

#include "base/ascii.h"
#include "text/parts/syntax_table.h"

namespace quire::parts {
namespace {

const SyntaxRow no_syntax = {.name = "plain"};

bool fits(const SyntaxRow& row, std::string_view source) {
  const std::span<const std::string_view> signs = row.signs.all();
  const auto is_there = [&](std::string_view sign) { return source.contains(sign); };
  return !signs.empty() && std::ranges::all_of(signs, is_there);
}

class PlainParser final : public PartsParser {
 public:
  void push(std::string_view text, std::vector<Part>& parts) override {
    if (!text.empty()) parts.emplace_back(Content{std::string(text)});
  }
  void finish(std::vector<Part>&) override {}
};

// Runs the reading of a row. The reading refers to the turn: neither moves.
class RowParser final : public PartsParser {
 public:
  RowParser(const SyntaxRow& row, std::string_view prompt_end, std::span<const ToolSchema> tools) {
    for (const ToolSchema& tool : tools) turn_.tools.push_back({.name = tool.name, .parameters = tool.parameters});
    turn_.in.begin(row.read(turn_, row));
    if (row.begun != nullptr) {
      turn_.in.push(row.begun(prompt_end));
    } else if (!row.thinking_begin.empty() && trimmed(prompt_end).ends_with(row.thinking_begin)) {
      turn_.in.push(row.thinking_begin);
    }
  }
  RowParser(const RowParser&) = delete;
  RowParser& operator=(const RowParser&) = delete;

  void push(std::string_view text, std::vector<Part>& parts) override {
    turn_.out.to(&parts);
    turn_.in.push(text);
    turn_.out.to(nullptr);
  }
  void finish(std::vector<Part>& parts) override {
    turn_.out.to(&parts);
    turn_.in.finish();
    turn_.out.to(nullptr);
  }

 private:
  Turn turn_;
};

}  // namespace

Syntax Syntax::of(std::string_view template_source, std::string_view parser) {
  const std::span<const SyntaxRow> rows = syntax_rows();
  for (const SyntaxRow& row : rows) {
    if (fits(row, template_source)) return Syntax(row);
  }
  for (const SyntaxRow& row : rows) {
    const std::span<const std::string_view> names = row.parsers.all();
    if (std::ranges::find(names, parser) != names.end()) return Syntax(row);
  }
  return Syntax(no_syntax);
}

std::string_view Syntax::name() const { return row_->name; }
bool Syntax::has_thinking() const { return !row_->thinking_end.empty(); }
bool Syntax::has_calls() const { return !row_->calls.empty(); }
std::string_view Syntax::thinking_begin() const { return row_->thinking_begin; }
std::string_view Syntax::thinking_end() const { return row_->thinking_end; }

std::vector<std::string> Syntax::markers() const {
  std::vector<std::string> markers;
  const auto add = [&](std::string_view mark) {
    if (!mark.empty() && std::ranges::find(markers, mark) == markers.end()) markers.emplace_back(mark);
  };
  for (const std::string_view token : row_->tokens.all()) add(token);
  add(row_->thinking_begin);
  add(row_->thinking_end);
  for (const std::string_view mark : row_->dropped.all()) add(mark);
  for (const CallForm& form : row_->calls) {
    if (!form.at_start) add(form.opener);
    add(form.closer);
  }
  return markers;
}

std::unique_ptr<PartsParser> Syntax::make_parser(std::string_view prompt_end, std::span<const ToolSchema> tools) const {
  if (!has_thinking() && !(has_calls() && !tools.empty())) return plain_parser();
  return std::make_unique<RowParser>(*row_, prompt_end, tools);
}

std::unique_ptr<PartsParser> plain_parser() { return std::make_unique<PlainParser>(); }

}  // namespace quire::parts
