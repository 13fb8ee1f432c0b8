#include <optional>
#include <string>
#include <vector>

#include "text/parts/marks.h"
#include "text/parts/syntax_table.h"

namespace quire::parts {
namespace {

enum class MarkKind : uint8_t { thinking_begin, thinking_end, dropped, call };

struct Mark {
  std::string_view text;
  MarkKind kind = MarkKind::dropped;
  const CallForm* form = nullptr;
};

std::vector<Mark> marks_of(const SyntaxRow& row, bool has_tools) {
  std::vector<Mark> marks;
  const auto add = [&](const Mark& mark) {
    if (!mark.text.empty()) marks.push_back(mark);
  };
  add({.text = row.thinking_begin, .kind = MarkKind::thinking_begin});
  add({.text = row.thinking_end, .kind = MarkKind::thinking_end});
  for (const std::string_view text : row.dropped.all()) add({.text = text, .kind = MarkKind::dropped});
  if (!has_tools) return marks;
  for (const CallForm& form : row.calls) add({.text = form.opener, .kind = MarkKind::call, .form = &form});
  return marks;
}

std::vector<std::string_view> texts_of(const std::vector<Mark>& marks) {
  std::vector<std::string_view> texts;
  for (const Mark& mark : marks) texts.push_back(mark.text);
  return texts;
}

// The state of one answer.
struct FreeText {
  FreeText(Turn& owner, const SyntaxRow& row)
      : turn(owner), known(marks_of(row, !owner.tools.empty())), marks(texts_of(known)) {}

  Turn& turn;
  const std::vector<Mark> known;
  Marks marks;
  bool thinks = false;
  const Mark* found = nullptr;

  void give(std::string_view text) { thinks ? turn.out.thinking(text) : turn.out.content(text); }
  bool counts(const Mark& mark) const {
    switch (mark.kind) {
      case MarkKind::thinking_begin:
        return !thinks && !turn.out.has_text();
      case MarkKind::thinking_end:
        return thinks || !turn.out.has_text();
      case MarkKind::dropped:
        return !thinks;
      case MarkKind::call:
        return (!thinks || mark.form->ends_thinking) && (!mark.form->at_start || !turn.out.has_text());
    }
    return false;
  }
  // What turned out to be text; its end may begin a mark, and whole marks in it are none.
  void give_kept() {
    std::string text;
    const std::string kept = turn.in.kept();
    for (const char byte : kept) {
      if (const auto index = marks.take(byte, text)) text += known[*index].text;
    }
    give(text);
  }
};

// Gives text until a mark comes, which is `found`; false at the end.
Reading read_to_mark(FreeText& state) {
  Turn& turn = state.turn;
  std::string text;
  for (;;) {
    if (!state.marks.has_begun()) state.give(turn.in.take_all_but(state.marks.first_bytes()));
    const int byte = co_await turn.in.peek();
    if (byte == Input::end) break;
    turn.in.take();
    text.clear();
    const std::optional<size_t> index = state.marks.take(static_cast<char>(byte), text);
    state.give(text);
    if (!index) continue;
    state.found = &state.known[*index];
    if (state.counts(*state.found)) co_return true;
    state.give(state.found->text);
  }
  state.give(state.marks.give_up());
  co_return false;
}

Reading read_calls(FreeText& state, const Mark& mark) {
  Turn& turn = state.turn;
  const size_t calls = turn.out.calls();
  if (mark.form->at_start) turn.in.give_back();
  turn.in.keep(mark.form->at_start ? std::string_view{} : mark.text);
  const bool whole = co_await mark.form->read(turn, *mark.form);
  if (turn.out.call_is_open()) turn.end_call();
  turn.out.abandon_call();
  state.thinks = state.thinks && turn.out.calls() == calls;
  if (!whole) state.give_kept();
  turn.in.forget();
  co_return whole;
}

}  // namespace

Reading read_free_text(Turn& turn, const SyntaxRow& row) {
  FreeText state(turn, row);
  for (;;) {
    const bool more = co_await read_to_mark(state);
    if (!more) break;
    const Mark& mark = *state.found;
    if (mark.kind == MarkKind::call) {
      co_await read_calls(state, mark);
      continue;
    }
    turn.out.drop_space();
    if (mark.kind != MarkKind::dropped) state.thinks = mark.kind == MarkKind::thinking_begin;
  }
  turn.out.finish_text();
  co_return true;
}

}  // namespace quire::parts
