#include "text/normal_form.h"

#include <utf8proc.h>

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "text/utf8.h"

namespace quire {
namespace {

using CodePoint = utf8proc_int32_t;

int combining_class(CodePoint value) { return utf8proc_get_property(value)->combining_class; }

void append_decomposed(CodePoint value, std::vector<CodePoint>& decomposed) {
  // No canonical decomposition is longer than four.
  CodePoint parts[4];
  int last_boundary_class = 0;
  const utf8proc_ssize_t count =
      utf8proc_decompose_char(value, parts, std::size(parts), UTF8PROC_DECOMPOSE, &last_boundary_class);
  QUIRE_CHECK(count >= 0 && count <= static_cast<utf8proc_ssize_t>(std::size(parts)), "utf8proc");
  decomposed.insert(decomposed.end(), parts, parts + count);
}

// The library orders marks by exchanging neighbours, which takes n^2 steps for a run of n of them.
void order_marks(std::vector<CodePoint>& text) {
  auto begin = text.begin();
  while (begin != text.end()) {
    begin = std::find_if(begin, text.end(), [](CodePoint value) { return combining_class(value) != 0; });
    const auto end = std::find_if(begin, text.end(), [](CodePoint value) { return combining_class(value) == 0; });
    if (end - begin > 1) {
      std::stable_sort(begin, end, [](CodePoint a, CodePoint b) { return combining_class(a) < combining_class(b); });
    }
    begin = end;
  }
}

enum class Form { composed, decomposed };

void move_onto(std::string& out, std::vector<CodePoint>& decomposed, Form form) {
  order_marks(decomposed);
  auto count = static_cast<utf8proc_ssize_t>(decomposed.size());
  if (form == Form::composed) {
    count = utf8proc_normalize_utf32(decomposed.data(), count,
                                     static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  }
  QUIRE_CHECK(count >= 0, "utf8proc");
  utf8proc_uint8_t bytes[4];
  for (utf8proc_ssize_t i = 0; i < count; ++i) {
    const utf8proc_ssize_t size = utf8proc_encode_char(decomposed[static_cast<size_t>(i)], bytes);
    out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  }
  decomposed.clear();
}

std::string normalized(std::string_view text, Form form) {
  std::string result;
  result.reserve(text.size());
  std::vector<CodePoint> decomposed;
  size_t at = 0;
  while (at < text.size()) {
    const size_t size = utf8_character_size(text, at);
    if (size == 0) {
      move_onto(result, decomposed, form);
      result += text[at++];
      continue;
    }
    CodePoint value = 0;
    utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at, static_cast<utf8proc_ssize_t>(size),
                     &value);
    append_decomposed(value, decomposed);
    at += size;
  }
  move_onto(result, decomposed, form);
  return result;
}

}  // namespace

bool is_surely_nfc(std::string_view text) {
  // 0xCC begins U+0300 to U+033F; the bytes below it begin or continue what is before.
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0xCC; });
}

bool is_surely_nfd(std::string_view text) {
  // 0xC3 begins U+00C0.
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0xC3; });
}

std::string nfc(std::string_view text) { return normalized(text, Form::composed); }

std::string nfd(std::string_view text) { return normalized(text, Form::decomposed); }

}  // namespace quire
