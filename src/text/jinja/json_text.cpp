// json.dumps with the options that templates pass to tojson.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "text/jinja/operators.h"
#include "text/jinja/render.h"
#include "text/jinja/to_text.h"
#include "text/unicode.h"

namespace quire::jinja {

namespace {

constexpr int depth_max = 100;

std::string escape(int32_t c, bool ascii_only) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    default:
      break;
  }
  if (c < 0x20 || (ascii_only && c > 0x7F && c < 0x10000)) return fmt::format("\\u{:04x}", c);
  if (!ascii_only || c < 0x10000) return {};
  const int32_t offset = c - 0x10000;
  return fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (offset >> 10), 0xDC00 + (offset & 0x3FF));
}

class JsonWriter {
 public:
  using Status = Result<std::monostate>;

  JsonWriter(Render& render, TextBuilder& out, const JsonStyle& style) : render_(render), out_(out), style_(style) {}

  Status value(const Value& value, int depth) {
    if (depth > depth_max) return limit_error("a value is nested too deeply for JSON");
    QUIRE_TRY_VOID(render_.step());
    QUIRE_TRY_VOID(render_.reserve_text(out_.size()));
    if (const MarkedText* text = value.text()) return quoted(*text);
    if (const Sequence* sequence = value.sequence();
        sequence && (sequence->type == SequenceType::list || sequence->type == SequenceType::tuple)) {
      return array(sequence->items, depth);
    }
    if (value.dict()) return object(*value.dict(), depth);
    std::string text;
    if (!scalar(value, text)) {
      return template_error(fmt::format("Object of type {} is not JSON serializable", type_name(value)));
    }
    out_.append(text);
    return {};
  }

 private:
  static bool scalar(const Value& value, std::string& out) {
    if (value.is_none()) {
      out = "null";
    } else if (const bool* flag = value.as<bool>()) {
      out = *flag ? "true" : "false";
    } else if (const Int* number = value.as<Int>()) {
      out = int_text(*number);
    } else if (const double* real = value.as<double>()) {
      out = std::isnan(*real) ? "NaN" : std::isinf(*real) ? (*real < 0 ? "-Infinity" : "Infinity") : real_text(*real);
    } else {
      return false;
    }
    return true;
  }

  Status quoted(const MarkedText& text) {
    QUIRE_TRY_VOID(render_.read(text.bytes.size()));
    QUIRE_TRY_VOID(render_.reserve_text(out_.size() + text.bytes.size()));
    out_.append("\"");
    size_t copied = 0;
    for (size_t at = 0; at < text.bytes.size();) {
      const CodePoint point = code_point_at(text.bytes, at);
      const std::string escaped = escape(point.value, style_.ascii_only);
      if (!escaped.empty()) {
        out_.append(text, copied, at);
        out_.append(escaped, is_user_byte(text, at));
        copied = at + point.size_bytes;
      }
      at += point.size_bytes;
    }
    out_.append(text, copied, text.bytes.size());
    out_.append("\"");
    return {};
  }

  Status newline(int depth) {
    if (!style_.has_indent) return {};
    QUIRE_TRY_VOID(render_.reserve_text(out_.size() + style_.indent.bytes.size() * static_cast<size_t>(depth)));
    out_.append("\n");
    for (int i = 0; i < depth; ++i) out_.append(style_.indent);
    return {};
  }

  Status array(const std::vector<Value>& items, int depth) {
    if (items.empty()) {
      out_.append("[]");
      return {};
    }
    out_.append("[");
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_.append(style_.item_separator);
      QUIRE_TRY_VOID(newline(depth + 1));
      QUIRE_TRY_VOID(value(items[i], depth + 1));
    }
    QUIRE_TRY_VOID(newline(depth));
    out_.append("]");
    return {};
  }

  Status key(const Value& value) {
    if (value.text()) return quoted(*value.text());
    std::string text;
    if (!scalar(value, text)) {
      return template_error(fmt::format("keys must be str, int, float, bool or None, not {}", type_name(value)));
    }
    out_.append("\"" + text + "\"");
    return {};
  }

  Status object(const Dict& dict, int depth) {
    if (dict.items.empty()) {
      out_.append("{}");
      return {};
    }
    std::vector<const std::pair<Value, Value>*> items;
    for (const auto& item : dict.items) items.push_back(&item);
    if (style_.sorts_keys) {
      for (const auto* item : items) {
        if (!item->first.text()) return template_error("JSON keys can only be sorted when all are strings");
      }
      std::stable_sort(items.begin(), items.end(),
                       [](const auto* a, const auto* b) { return a->first.text()->bytes < b->first.text()->bytes; });
    }
    out_.append("{");
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_.append(style_.item_separator);
      QUIRE_TRY_VOID(newline(depth + 1));
      QUIRE_TRY_VOID(key(items[i]->first));
      out_.append(style_.key_separator);
      QUIRE_TRY_VOID(value(items[i]->second, depth + 1));
    }
    QUIRE_TRY_VOID(newline(depth));
    out_.append("}");
    return {};
  }

  Render& render_;
  TextBuilder& out_;
  const JsonStyle& style_;
};

}  // namespace

Result<std::monostate> append_json(Render& render, TextBuilder& out, const Value& value, const JsonStyle& style) {
  return JsonWriter(render, out, style).value(value, 0);
}

}  // namespace quire::jinja
