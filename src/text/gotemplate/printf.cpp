// printf: Go's format strings. Argument indexes (%[1]d), %T, %p and %#v are refused by name.
#include <fmt/format.h>

#include <algorithm>

#include "text/gotemplate/format.h"
#include "text/gotemplate/functions.h"
#include "text/unicode.h"

namespace quire::gotemplate {

namespace {

constexpr int64_t width_max = 1'000'000;  // as in Go

class Printf {
 public:
  using Status = Render::Status;

  Printf(Render& render, const MarkedText& format, Arguments arguments)
      : format_(format), arguments_(arguments), formatter_(render, out_, format.has_user_text()) {}

  Result<MarkedText> run() {
    while (at_ < format_.bytes.size()) {
      const size_t verb = std::min(format_.bytes.find('%', at_), format_.bytes.size());
      out_.append(format_, at_, verb);
      at_ = verb;
      if (at_ < format_.bytes.size()) QUIRE_TRY_VOID(verb_with_argument());
    }
    QUIRE_TRY_VOID(arguments_left());
    return out_.take();
  }

 private:
  char peek() const { return at_ < format_.bytes.size() ? format_.bytes[at_] : '\0'; }

  Status verb_with_argument() {
    ++at_;  // %
    Verb verb;
    take_flags(verb);
    QUIRE_TRY_VOID(take_width(verb));
    QUIRE_TRY_VOID(take_precision(verb));
    if (at_ == format_.bytes.size()) {
      formatter_.write("%!(NOVERB)");
      return {};
    }
    const CodePoint letter = code_point_at(format_.bytes, at_);
    const std::string_view letter_bytes = std::string_view(format_.bytes).substr(at_, letter.size_bytes);
    at_ += letter.size_bytes;
    if (letter.value == '[') return fail(ErrorKind::unsupported, "printf: the index of an argument (%[)");
    if (letter.value == '%') {
      formatter_.write("%");
      return {};
    }
    if (next_argument_ == arguments_.size()) {
      formatter_.write(fmt::format("%!{}(MISSING)", letter_bytes));
      return {};
    }
    if (letter.value == 'T' || letter.value == 'p' || (letter.value == 'v' && verb.sharp)) {
      return fail(ErrorKind::unsupported, fmt::format("printf: %{}{}", verb.sharp ? "#" : "", letter_bytes));
    }
    verb.letter = letter.value;
    if (letter.value == 'v') verb.names_fields = std::exchange(verb.plus, false);
    return formatter_.append(arguments_[next_argument_++], verb);
  }

  void take_flags(Verb& verb) {
    for (; at_ < format_.bytes.size(); ++at_) {
      const char c = peek();
      bool* flag = c == '#'   ? &verb.sharp
                   : c == '0' ? &verb.zero
                   : c == '+' ? &verb.plus
                   : c == '-' ? &verb.minus
                   : c == ' ' ? &verb.space
                              : nullptr;
      if (!flag) return;
      *flag = true;
    }
  }

  Status take_width(Verb& verb) {
    if (peek() != '*') {
      verb.width = take_number();
      return {};
    }
    ++at_;
    verb.width = take_argument();
    if (!verb.width) formatter_.write("%!(BADWIDTH)");
    if (verb.width.value_or(0) < 0) {
      verb.width = -*verb.width;
      verb.minus = true;
      verb.zero = false;
    }
    return {};
  }

  Status take_precision(Verb& verb) {
    if (peek() != '.' || at_ + 1 == format_.bytes.size()) return {};
    ++at_;
    if (peek() != '*') {
      verb.precision = take_number().value_or(0);
      return {};
    }
    ++at_;
    verb.precision = take_argument();
    if (verb.precision.value_or(0) < 0) verb.precision.reset();
    if (!verb.precision) formatter_.write("%!(BADPREC)");
    return {};
  }

  // Digits as a number. One that is far too large swallows the rest of the format, as in Go.
  std::optional<int> take_number() {
    int64_t number = 0;
    const size_t begin = at_;
    for (; peek() >= '0' && peek() <= '9'; ++at_) {
      if (number > width_max) {
        at_ = format_.bytes.size();
        return std::nullopt;
      }
      number = number * 10 + (peek() - '0');
    }
    return at_ == begin ? std::nullopt : std::optional(static_cast<int>(number));
  }

  // The next argument as a width or precision; none when it is no small int.
  std::optional<int> take_argument() {
    if (next_argument_ == arguments_.size()) return std::nullopt;
    const int64_t* number = arguments_[next_argument_++].as<int64_t>();
    if (!number || *number > width_max || *number < -width_max) return std::nullopt;
    return static_cast<int>(*number);
  }

  Status arguments_left() {
    if (next_argument_ == arguments_.size()) return {};
    formatter_.write("%!(EXTRA ");
    for (size_t i = next_argument_; i < arguments_.size(); ++i) {
      if (i > next_argument_) formatter_.write(", ");
      if (!arguments_[i].is_nil()) formatter_.write(fmt::format("{}=", type_name(arguments_[i])));
      QUIRE_TRY_VOID(formatter_.append(arguments_[i]));
    }
    formatter_.write(")");
    return {};
  }

  const MarkedText& format_;
  const Arguments arguments_;
  size_t at_ = 0;
  size_t next_argument_ = 0;
  TextBuilder out_;
  Formatter formatter_;
};

}  // namespace

Result<Value> call_printf(Render& render, Arguments arguments) {
  const MarkedText& format = *arguments[0].text();
  QUIRE_TRY_VOID(render.budget().read(format.bytes.size()));
  QUIRE_TRY(MarkedText text, Printf(render, format, arguments.subspan(1)).run());
  QUIRE_TRY_VOID(render.budget().reserve_text(text.bytes.size()));
  return render.text(std::move(text));
}

}  // namespace quire::gotemplate
