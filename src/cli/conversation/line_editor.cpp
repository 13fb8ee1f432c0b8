#include "cli/conversation/line_editor.h"

#include <fmt/format.h>
#include <histedit.h>
#include <langinfo.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "base/check.h"
#include "base/terminal.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace quire::cli {
namespace {

constexpr int history_lines_max = 1000;
constexpr wchar_t replacement = 0xFFFD;
constexpr std::wstring_view paste_end = L"\x1b[201~";

bool understands_escapes() {
  const char* terminal = std::getenv("TERM");
  return terminal != nullptr && *terminal != '\0' && std::string_view(terminal) != "dumb";
}

}  // namespace

void use_utf8_locale() {
  std::setlocale(LC_CTYPE, "");
  if (std::string_view(nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
}

struct LineEditor::State {
  HeldSignals& signals;
  const std::filesystem::path history_file;
  const bool escapes = understands_escapes();
  EditLine* editor = nullptr;
  HistoryW* history = nullptr;
  bool remembers = true;
  std::wstring prompt;
  std::string typed;  // bytes that were read and not given to the editor yet
  bool placeholder_shown = false;
  End end = End::line;

  explicit State(HeldSignals& held, std::filesystem::path file) : signals(held), history_file(std::move(file)) {}

  // What the editor asks for its next character: 1 and a character, or -1 when there will be none.
  int next(wchar_t* character);
  std::optional<wchar_t> take_character();
  bool wait_for_input();
  bool handle_signals();
  void hide_placeholder();
  void show(std::string_view escape) const;
  std::string so_far() const;
};

namespace {

template <typename State>
State& state_of(EditLine* editor) {
  void* state = nullptr;
  el_wget(editor, EL_CLIENTDATA, &state);
  return *static_cast<State*>(state);
}

// Bound to the mark that begins a paste.
unsigned char insert_paste(EditLine* editor, wint_t) {
  std::wstring pasted;
  wchar_t character = 0;
  while (!pasted.ends_with(paste_end)) {
    if (el_wgetc(editor, &character) != 1) return CC_EOF;
    if (character == L'\n' && pasted.ends_with(L'\r')) {
      pasted.back() = L'\n';
    } else {
      pasted += character;
    }
  }
  pasted.resize(pasted.size() - paste_end.size());
  std::wstring text;
  for (const wchar_t one : pasted) {
    if (one == L'\r') {
      text += L'\n';
    } else if (one >= 0x20 || one == L'\n' || one == L'\t') {
      text += one;  // other control characters are nobody's words
    }
  }
  if (!text.empty() && el_winsertstr(editor, text.c_str()) != 0) return CC_ERROR;
  return CC_REFRESH;
}

}  // namespace

void LineEditor::State::show(std::string_view escape) const {
  if (!escapes) return;
  std::fwrite(escape.data(), 1, escape.size(), stdout);
  std::fflush(stdout);
}

void LineEditor::State::hide_placeholder() {
  if (!placeholder_shown) return;
  placeholder_shown = false;
  show("\x1b[K");
}

std::string LineEditor::State::so_far() const {
  const LineInfoW* info = el_wline(editor);
  std::string text;
  for (const wchar_t* at = info->buffer; at != info->lastchar; ++at) append_code_point(text, static_cast<int32_t>(*at));
  return text;
}

// False: the line ends here.
bool LineEditor::State::handle_signals() {
  while (const int signal = signals.take()) {
    if (signal == SIGINT || signal == SIGTERM) {
      end = signal == SIGINT ? End::interrupted : End::input_ended;
      return false;
    }
    if (signal == SIGCONT) {  // whoever had the terminal meanwhile may have set it otherwise
      el_wset(editor, EL_PREP_TERM, 0);
      el_wset(editor, EL_PREP_TERM, 1);
      show("\x1b[?2004h");
    } else {
      el_resize(editor);
    }
    hide_placeholder();
    el_wset(editor, EL_REFRESH);
  }
  return true;
}

// Bytes are there afterwards. False: none will come, or a signal ends the line.
bool LineEditor::State::wait_for_input() {
  std::array<pollfd, 2> waited = {{{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                                   {.fd = signals.descriptor(), .events = POLLIN, .revents = 0}}};
  for (;;) {
    if (!handle_signals()) return false;
    if (::poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR) break;
    if (waited[1].revents != 0) continue;
    if (waited[0].revents == 0) continue;
    std::array<char, 4096> bytes;
    const ssize_t count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count > 0) {
      typed.append(bytes.data(), static_cast<size_t>(count));
      return true;
    }
    if (count == 0 || (errno != EINTR && errno != EAGAIN)) break;
  }
  end = End::input_ended;
  return false;
}

// None: there is no whole character yet.
std::optional<wchar_t> LineEditor::State::take_character() {
  if (typed.empty()) return std::nullopt;
  utf8proc_int32_t character = 0;
  const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(typed.data()),
                                     static_cast<utf8proc_ssize_t>(typed.size()), &character);
  if (size > 0) {
    typed.erase(0, static_cast<size_t>(size));
    return static_cast<wchar_t>(character);
  }
  // The rest of a character may still be on its way.
  const auto lead = static_cast<unsigned char>(typed[0]);
  const size_t expected = lead >= 0xF0 && lead < 0xF8 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
  bool continues = lead < 0xF8 && typed.size() < expected;
  for (size_t at = 1; at < typed.size() && continues; ++at) {
    continues = (static_cast<unsigned char>(typed[at]) & 0xC0U) == 0x80U;
  }
  if (continues) return std::nullopt;
  typed.erase(0, 1);
  return replacement;
}

int LineEditor::State::next(wchar_t* character) {
  for (;;) {
    if (const auto taken = take_character()) {
      hide_placeholder();
      *character = *taken;
      return 1;
    }
    if (!wait_for_input()) return -1;
  }
}

LineEditor::LineEditor(HeldSignals& signals, std::filesystem::path history_file)
    : state_(std::make_unique<State>(signals, std::move(history_file))) {
  state_->editor = el_init("quire", stdin, stdout, stderr);
  state_->history = history_winit();
  QUIRE_CHECK(state_->editor != nullptr && state_->history != nullptr, "libedit has memory for a line");
  HistEventW event;
  history_w(state_->history, &event, H_SETSIZE, history_lines_max);
  history_w(state_->history, &event, H_SETUNIQUE, 1);
  if (!state_->history_file.empty()) history_w(state_->history, &event, H_LOAD, state_->history_file.c_str());

  EditLine* editor = state_->editor;
  el_wset(editor, EL_CLIENTDATA, state_.get());
  el_wset(editor, EL_EDITOR, L"emacs");
  const auto prompt = [](EditLine* of) { return state_of<State>(of).prompt.data(); };
  el_wset(editor, EL_PROMPT, static_cast<wchar_t* (*)(EditLine*)>(prompt));
  const auto next = [](EditLine* of, wchar_t* character) { return state_of<State>(of).next(character); };
  el_wset(editor, EL_GETCFN, static_cast<int (*)(EditLine*, wchar_t*)>(next));
  el_wset(editor, EL_HIST, history_w, state_->history);
  el_wset(editor, EL_SIGNAL, 0);  // they are held, and asked for while it waits
  el_wset(editor, EL_ADDFN, L"quire-paste", L"Insert what was pasted", insert_paste);
  el_wset(editor, EL_BIND, L"\\e[200~", L"quire-paste", nullptr);
  el_wset(editor, EL_BIND, L"\\e[1;5D", L"ed-prev-word", nullptr);
  el_wset(editor, EL_BIND, L"\\e[1;5C", L"em-next-word", nullptr);
  el_source(editor, nullptr);  // the person's own keys
}

LineEditor::~LineEditor() {
  HistEventW event;
  if (state_->remembers && !state_->history_file.empty()) {
    std::error_code ignored;
    std::filesystem::create_directories(state_->history_file.parent_path(), ignored);
    history_w(state_->history, &event, H_SAVE, state_->history_file.c_str());
  }
  el_end(state_->editor);
  history_wend(state_->history);
}

void LineEditor::set_history(bool wanted) { state_->remembers = wanted; }

LineEditor::Line LineEditor::read(std::string_view prompt, std::string_view placeholder) {
  State& state = *state_;
  state.prompt.assign(prompt.begin(), prompt.end());  // ASCII
  state.end = End::line;
  el_wset(state.editor, EL_PREP_TERM, 1);  // before anybody sees the prompt and types
  state.show("\x1b[?2004h");
  // Shown behind the prompt, with the cursor before it, and taken away by the first key.
  const size_t room = terminal_columns(STDOUT_FILENO);
  if (state.escapes && !placeholder.empty() && state.typed.empty() && prompt.size() + placeholder.size() < room) {
    std::fputs(fmt::format("{}\x1b[90m{}\x1b[0m\r", prompt, placeholder).c_str(), stdout);
    std::fflush(stdout);
    state.placeholder_shown = true;
  }
  int count = 0;
  const wchar_t* line = el_wgets(state.editor, &count);
  state.hide_placeholder();
  std::string text;
  if (line == nullptr || count <= 0) {
    if (state.end == End::line) state.end = End::input_ended;
    text = state.so_far();
  } else {
    for (int at = 0; at < count; ++at) append_code_point(text, static_cast<int32_t>(line[at]));
    if (text.ends_with('\n')) text.pop_back();
  }
  state.show("\x1b[?2004l");
  if (state.end != End::line) {
    std::fputs("\n", stdout);
    std::fflush(stdout);
    return {.end = state.end, .text = std::move(text)};
  }
  if (state.remembers && !text.empty()) {
    HistEventW event;
    std::wstring kept(line, static_cast<size_t>(count));
    if (kept.ends_with(L'\n')) kept.pop_back();
    history_w(state.history, &event, H_ENTER, kept.c_str());
  }
  return {.end = End::line, .text = std::move(text)};
}

}  // namespace quire::cli
