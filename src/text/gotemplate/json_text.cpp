#include "text/gotemplate/json_text.h"

#include <fmt/format.h>

#include "text/gotemplate/number_text.h"
#include "text/unicode.h"

namespace quire::gotemplate {

namespace {

// Values made of JSON are less deep.
constexpr int depth_max = 100;

// How a code point stands in a JSON string; empty: as it is.
std::string escaped(int32_t value) {
  constexpr std::string_view letters = "\"\\bfnrt", meanings = "\"\\\b\f\n\r\t";
  const size_t known = value < 0x80 ? meanings.find(static_cast<char>(value)) : std::string_view::npos;
  if (known != std::string_view::npos) return {'\\', letters[known]};
  const bool is_markup = value == '<' || value == '>' || value == '&' || value == 0x2028 || value == 0x2029;
  if (value < 0x20 || is_markup) return fmt::format("\\u{:04x}", value);
  return value >= 0xDC80 && value <= 0xDCFF ? "\\ufffd" : "";  // a byte that is no UTF-8
}

bool is_empty(const Value& value) {
  if (value.record()) return false;
  return !is_true(value);
}

class JsonWriter {
 public:
  using Status = Render::Status;

  JsonWriter(Render& render, TextBuilder& out) : render_(render), out_(out) {}

  Status value(const Value& value, int depth) {
    if (depth > depth_max) return limit_error("a value is nested too deeply for JSON");
    QUIRE_TRY_VOID(render_.budget().step());
    QUIRE_TRY_VOID(render_.budget().reserve_text(out_.size()));
    if (value.text()) return string(*value.text());
    if (value.list()) return list(*value.list(), depth);
    if (value.map()) return map(*value.map(), depth);
    if (value.record()) return record(*value.record(), depth);
    if (value.is<Image>()) return fail(ErrorKind::unsupported, "an image as JSON");
    if (const bool* flag = value.as<bool>()) {
      out_.append(*flag ? "true" : "false");
    } else if (const int64_t* number = value.as<int64_t>()) {
      out_.append(fmt::format("{}", *number));
    } else if (const double* real = value.as<double>()) {
      out_.append(json_number(*real));
    } else {
      out_.append("null");
    }
    return {};
  }

 private:
  Status string(const MarkedText& text) {
    QUIRE_TRY_VOID(render_.budget().read(text.bytes.size()));
    QUIRE_TRY_VOID(render_.budget().reserve_text(out_.size() + text.bytes.size()));
    out_.append("\"");
    size_t copied = 0;
    for (size_t at = 0; at < text.bytes.size();) {
      const CodePoint point = code_point_at(text.bytes, at);
      if (const std::string escape = escaped(point.value); !escape.empty()) {
        out_.append(text, copied, at);
        out_.append(escape, is_user_byte(text, at));
        copied = at + point.size_bytes;
      }
      at += point.size_bytes;
    }
    out_.append(text, copied, text.bytes.size());
    out_.append("\"");
    return {};
  }

  Status list(const List& list, int depth) {
    if (list.is_nil) {
      out_.append("null");
      return {};
    }
    if (list.type->prints == Prints::as_alternatives && list.size() == 1) return value(list.items()[0], depth + 1);
    out_.append("[");
    for (size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_.append(",");
      QUIRE_TRY_VOID(value(list.items()[i], depth + 1));
    }
    out_.append("]");
    return {};
  }

  Status map(const Map& map, int depth) {
    if (map.is_nil) {
      out_.append("null");
      return {};
    }
    out_.append("{");
    for (size_t i = 0; i < map.items.size(); ++i) {
      if (i > 0) out_.append(",");
      QUIRE_TRY_VOID(string(*map.items[i].first));
      out_.append(":");
      QUIRE_TRY_VOID(value(map.items[i].second, depth + 1));
    }
    out_.append("}");
    return {};
  }

  Status record(const Record& record, int depth) {
    out_.append("{");
    bool is_first = true;
    for (size_t i = 0; i < record.fields.size(); ++i) {
      const FieldType& field = record.type->fields[i];
      if (field.omits_empty && is_empty(record.fields[i])) continue;
      out_.append(fmt::format("{}\"{}\":", is_first ? "" : ",", field.json_name));
      QUIRE_TRY_VOID(value(record.fields[i], depth + 1));
      is_first = false;
    }
    out_.append("}");
    return {};
  }

  Render& render_;
  TextBuilder& out_;
};

}  // namespace

Render::Status append_json(Render& render, TextBuilder& out, const Value& value) {
  return JsonWriter(render, out).value(value, 0);
}

}  // namespace quire::gotemplate
