// Text on its way to the tokenizer, with the knowledge of who wrote which part of it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace quire {

// Bytes [begin, end) of a text.
struct TextSpan {
  size_t begin = 0;
  size_t end = 0;
};

// A prompt whose user_spans came from a client and may not be read as control tokens; the rest came from the
// template. Spans are sorted, disjoint and not empty. They mask the matching of special tokens only and never split
// the text otherwise: the tokenizer sees one text.
struct PromptText {
  std::string text;
  std::vector<TextSpan> user_spans;
};

}  // namespace quire
