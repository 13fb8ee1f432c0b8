// Templates with errors in them, made from good ones; what must hold of anything that a template prints.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/prompt_text.h"

namespace quire::test {

// An error with a message, or spans that keep what PromptText promises.
inline void expect_sound(const Result<PromptText>& rendered) {
  if (!rendered) {
    EXPECT_FALSE(rendered.error().message.empty());
    return;
  }
  size_t last_end = 0;
  for (const TextSpan& span : rendered->user_spans) {
    EXPECT_LT(span.begin, span.end);
    EXPECT_GE(span.begin, last_end);
    last_end = span.end;
  }
  EXPECT_LE(last_end, rendered->text.size());
}

// One of the seeds with one to four edits: something erased, put in, replaced by a byte of the alphabet, or copied.
template <typename Seeds>
std::string mutated(std::mt19937& random, const Seeds& seeds, std::string_view alphabet) {
  const auto below = [&](size_t bound) { return static_cast<size_t>(random() % bound); };
  std::string source(std::data(seeds)[below(std::size(seeds))]);
  for (size_t edits = 1 + below(4); edits > 0; --edits) {
    const size_t at = below(source.size()), size = below(8);
    switch (below(4)) {
      case 0:
        source.erase(at, size);
        break;
      case 1:
        source.insert(at, 1, alphabet[below(alphabet.size())]);
        break;
      case 2:
        source[at] = alphabet[below(alphabet.size())];
        break;
      default:
        source.insert(below(source.size()), source.substr(at, 4 * size));
        break;
    }
    if (source.empty()) source = "{";
  }
  return source;
}

}  // namespace quire::test
