// Values of every type; the verbs of numbers and texts are in format_scalars.cpp.
#include "text/gotemplate/format.h"

#include <fmt/format.h>

#include "text/gotemplate/json_text.h"
#include "text/unicode.h"

namespace quire::gotemplate {

namespace {

// Values made of JSON are less deep.
constexpr int depth_max = 100;

bool shows_own_text(int32_t letter) {
  return letter == 'v' || letter == 's' || letter == 'q' || letter == 'x' || letter == 'X';
}

Prints prints_of(const Value& value) {
  if (value.list()) return value.list()->type->prints;
  if (value.map() && !value.map()->type->is_sealed) return value.map()->type->prints;
  return value.record() ? value.record()->type->prints : Prints::as_go;
}

std::unexpected<Error> unprintable(const Value& value) {
  return fail(ErrorKind::unsupported, fmt::format("{} cannot be printed", type_name(value)));
}

}  // namespace

bool has_own_text(const Value& value) { return prints_of(value) != Prints::as_go; }

Formatter::Status Formatter::any(const Value& value, const Verb& verb, int depth) {
  if (depth > depth_max) return limit_error("a value is nested too deeply to be shown");
  QUIRE_TRY_VOID(render_.budget().step());
  QUIRE_TRY_VOID(render_.budget().reserve_text(out_.size()));
  if (value.is_nil()) return nil(value, verb, depth);
  if (const bool* flag = value.as<bool>()) return boolean(*flag, verb);
  if (const int64_t* number = value.as<int64_t>()) return integer(*number, verb);
  if (const double* number = value.as<double>()) return real(*number, verb);
  if (value.text()) return text(*value.text(), verb);
  if (!in_mismatch_ && shows_own_text(verb.letter) && has_own_text(value)) return own_text(value, verb);
  if (value.list()) return list(*value.list(), verb, depth);
  if (value.map()) return map(value, verb, depth);
  if (value.record()) return record(*value.record(), verb, depth);
  return unprintable(value);
}

Formatter::Status Formatter::append_target(const Value& value) {
  const Record* record = value.record();
  return record && record->type->is_pointer ? fields(*record, Verb(), 0) : append(value);
}

Formatter::Status Formatter::nil(const Value& value, const Verb& verb, int depth) {
  if (depth == 0) return verb.letter == 'v' ? padded("<nil>", verb) : mismatch(value, verb);
  write("<nil>");
  return {};
}

Formatter::Status Formatter::own_text(const Value& value, const Verb& verb) {
  const List* list = value.list();
  if (!list || prints_of(value) == Prints::as_json) {
    // Maps that were never there print as empty ones.
    if (value.map() && value.map()->is_nil) return padded("{}", verb);
    TextBuilder json;
    QUIRE_TRY_VOID(append_json(render_, json, value));
    return text(json.take(), verb);
  }
  if (list->size() == 0) return text({}, verb);
  if (list->size() == 1) return any(list->items()[0], verb, 1);
  TextBuilder all;
  Formatter formatter(render_, all, own_text_is_user_);
  QUIRE_TRY_VOID(formatter.list(*list, Verb(), 0));
  return text(all.take(), verb);
}

Formatter::Status Formatter::list(const List& value, const Verb& verb, int depth) {
  write("[");
  for (size_t i = 0; i < value.size(); ++i) {
    if (i > 0) write(" ");
    QUIRE_TRY_VOID(any(value.items()[i], verb, depth + 1));
  }
  write("]");
  return {};
}

Formatter::Status Formatter::map(const Value& value, const Verb& verb, int depth) {
  const Map& map = *value.map();
  if (map.type->is_sealed) {
    if (!map.is_nil) return unprintable(value);
    return verb.letter == 'v' ? padded("<nil>", verb) : mismatch(value, verb);
  }
  write("map[");
  for (size_t i = 0; i < map.items.size(); ++i) {
    if (i > 0) write(" ");
    QUIRE_TRY_VOID(text(*map.items[i].first, verb));
    write(":");
    QUIRE_TRY_VOID(any(map.items[i].second, verb, depth + 1));
  }
  write("]");
  return {};
}

Formatter::Status Formatter::record(const Record& value, const Verb& verb, int depth) {
  if (value.type->is_pointer && depth > 0) {
    return fail(ErrorKind::unsupported, fmt::format("the address of {} cannot be printed", value.type->go_name));
  }
  if (value.type->is_pointer) write("&");
  return fields(value, verb, depth);
}

Formatter::Status Formatter::fields(const Record& value, const Verb& verb, int depth) {
  write("{");
  for (size_t i = 0; i < value.fields.size(); ++i) {
    if (i > 0) write(" ");
    if (verb.names_fields) write(fmt::format("{}:", value.type->fields[i].name));
    QUIRE_TRY_VOID(any(value.fields[i], verb, depth + 1));
  }
  write("}");
  return {};
}

Formatter::Status Formatter::mismatch(const Value& value, const Verb& verb) {
  std::string letter;
  append_code_point(letter, verb.letter);
  write("%!" + letter + "(");
  if (value.is_nil()) {
    write("<nil>)");
    return {};
  }
  write(fmt::format("{}=", type_name(value)));
  Verb plain = verb;
  plain.letter = 'v';
  const bool outer = std::exchange(in_mismatch_, true);
  QUIRE_TRY_VOID(any(value, plain, 0));
  in_mismatch_ = outer;
  write(")");
  return {};
}

Formatter::Status Formatter::padding(size_t used, const Verb& verb) {
  const auto width = static_cast<size_t>(verb.width.value_or(0));
  if (used >= width) return {};
  QUIRE_TRY_VOID(render_.budget().reserve_text(out_.size() + width));
  write(std::string(width - used, verb.zero && !verb.minus ? '0' : ' '));
  return {};
}

Formatter::Status Formatter::padded(std::string_view own_text, const Verb& verb) {
  return padded(marked_text(std::string(own_text), own_text_is_user_), verb);
}

Formatter::Status Formatter::padded(const MarkedText& text, const Verb& verb) {
  QUIRE_TRY_VOID(render_.budget().read(text.bytes.size()));
  QUIRE_TRY_VOID(render_.budget().reserve_text(out_.size() + text.bytes.size()));
  const size_t used = verb.width ? count_code_points(text.bytes) : 0;
  if (!verb.minus) QUIRE_TRY_VOID(padding(used, verb));
  out_.append(text);
  if (verb.minus) QUIRE_TRY_VOID(padding(used, verb));
  return {};
}

Result<MarkedText> printed(Render& render, const Value& value) {
  if (value.is_nil()) return plain_text("<no value>");
  // Reading a text that is printed as it is costs nothing that is not paid for when it is written.
  if (value.text()) return *value.text();
  TextBuilder out;
  QUIRE_TRY_VOID(Formatter(render, out).append_target(value));
  return out.take();
}

Result<MarkedText> printed_all(Render& render, std::span<const Value> values, bool is_for_escaping) {
  TextBuilder out;
  Formatter formatter(render, out);
  bool follows_text = false;
  for (size_t i = 0; i < values.size(); ++i) {
    const bool is_text = values[i].text() || (is_for_escaping && values[i].is_nil());
    if (i > 0 && !is_text && !follows_text) formatter.write(" ");
    follows_text = is_text;
    if (is_for_escaping && values[i].is_nil()) {
      formatter.write("<no value>");
    } else {
      QUIRE_TRY_VOID(is_for_escaping ? formatter.append_target(values[i]) : formatter.append(values[i]));
    }
  }
  return out.take();
}

}  // namespace quire::gotemplate
