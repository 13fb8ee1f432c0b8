#include "text/marked_text.h"

#include <algorithm>
#include <utility>

namespace quire {

MarkedText plain_text(std::string bytes) { return {.bytes = std::move(bytes), .user = {}}; }

MarkedText user_text(std::string bytes) { return marked_text(std::move(bytes), true); }

MarkedText marked_text(std::string bytes, bool is_user) {
  MarkedText text = plain_text(std::move(bytes));
  if (is_user && !text.bytes.empty()) text.user.push_back({.begin = 0, .end = text.bytes.size()});
  return text;
}

void TextBuilder::mark(size_t begin, size_t end) {
  if (begin == end) return;
  if (!text_.user.empty() && text_.user.back().end == begin) {
    text_.user.back().end = end;
  } else {
    text_.user.push_back({.begin = begin, .end = end});
  }
}

void TextBuilder::append(std::string_view bytes, bool is_user) {
  const size_t begin = text_.bytes.size();
  text_.bytes.append(bytes);
  if (is_user) mark(begin, text_.bytes.size());
}

namespace {

// The first span that ends behind `at`.
std::vector<TextSpan>::const_iterator first_span_behind(const MarkedText& text, size_t at) {
  return std::upper_bound(text.user.begin(), text.user.end(), at,
                          [](size_t value, const TextSpan& span) { return value < span.end; });
}

}  // namespace

void TextBuilder::append(const MarkedText& text, size_t begin, size_t end) {
  const size_t base = text_.bytes.size();
  text_.bytes.append(text.bytes, begin, end - begin);
  for (auto span = first_span_behind(text, begin); span != text.user.end() && span->begin < end; ++span) {
    mark(base + std::max(span->begin, begin) - begin, base + std::min(span->end, end) - begin);
  }
}

MarkedText slice(const MarkedText& text, size_t begin, size_t end) {
  TextBuilder builder;
  builder.append(text, begin, end);
  return builder.take();
}

bool is_user_byte(const MarkedText& text, size_t at) {
  const auto span = first_span_behind(text, at);
  return span != text.user.end() && span->begin <= at;
}

}  // namespace quire
