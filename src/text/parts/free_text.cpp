#include "text/parts/free_text.h"

#include <algorithm>
#include <string>
#include <vector>

namespace quire::parts {
namespace {

enum class MarkKind : uint8_t { thinking_begin, thinking_end, dropped, call };

struct Mark {
  std::string_view text;
  MarkKind kind = MarkKind::dropped;
  const CallForm* form = nullptr;
};

// What is looked for, and what of the text may be the beginning of it. No mark begins with another one.
class Marks {
 public:
  Marks(const SyntaxRow& row, bool has_tools) {
    add({.text = row.thinking_begin, .kind = MarkKind::thinking_begin});
    add({.text = row.thinking_end, .kind = MarkKind::thinking_end});
    for (const std::string_view text : row.dropped) add({.text = text, .kind = MarkKind::dropped});
    if (!has_tools) return;
    for (const CallForm& form : row.calls) add({.text = form.opener, .kind = MarkKind::call, .form = &form});
  }

  // No byte of this set: no mark begins.
  std::string_view first_bytes() const { return first_bytes_; }
  // Text that may be the beginning of a mark.
  const std::string& begun() const { return begun_; }
  std::string take_begun() { return std::exchange(begun_, {}); }

  // Takes more text; appends to `text` what is in no mark. The mark that ends here, if one does.
  const Mark* take(char byte, std::string& text) {
    begun_ += byte;
    for (;;) {
      bool begins = begun_.empty();
      for (const Mark& mark : marks_) {
        if (!mark.text.starts_with(begun_)) continue;
        begins = true;
        if (mark.text.size() > begun_.size()) continue;
        begun_.clear();
        return &mark;
      }
      if (begins) return nullptr;
      text += begun_.front();
      begun_.erase(0, 1);
    }
  }

 private:
  void add(const Mark& mark) {
    if (mark.text.empty()) return;
    marks_.push_back(mark);
    if (!first_bytes_.contains(mark.text.front())) first_bytes_ += mark.text.front();
  }

  std::vector<Mark> marks_;
  std::string first_bytes_;
  std::string begun_;
};

// The state of one answer.
struct FreeText {
  Turn& turn;
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
        return !thinks && (!mark.form->at_start || !turn.out.has_text());
    }
    return false;
  }
  // What turned out to be text; its end may begin a mark, and whole marks in it are none.
  void give_kept() {
    std::string text;
    const std::string kept = turn.in.kept();
    for (const char byte : kept) {
      if (const Mark* mark = marks.take(byte, text)) text += mark->text;
    }
    give(text);
  }
};

// Gives text until a mark comes, which is `found`; false at the end.
Reading read_to_mark(FreeText& state) {
  Turn& turn = state.turn;
  std::string text;
  for (;;) {
    if (state.marks.begun().empty()) state.give(turn.in.take_all_but(state.marks.first_bytes()));
    const int byte = co_await turn.in.peek();
    if (byte == Input::end) break;
    turn.in.take();
    text.clear();
    state.found = state.marks.take(static_cast<char>(byte), text);
    state.give(text);
    if (state.found == nullptr) continue;
    if (state.counts(*state.found)) co_return true;
    state.give(state.found->text);
  }
  state.give(state.marks.take_begun());
  co_return false;
}

Reading read_calls(FreeText& state, const Mark& mark) {
  Turn& turn = state.turn;
  if (mark.form->at_start) turn.in.give_back();
  turn.in.keep(mark.form->at_start ? std::string_view{} : mark.text);
  const bool whole = co_await mark.form->read(turn, *mark.form);
  if (turn.out.call_is_open()) turn.end_call();
  turn.out.abandon_call();
  if (!whole) state.give_kept();
  turn.in.forget();
  co_return whole;
}

}  // namespace

Reading read_free_text(Turn& turn, const SyntaxRow& row) {
  FreeText state{.turn = turn, .marks = Marks(row, !turn.tools.empty())};
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
