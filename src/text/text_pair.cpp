#include "text/text_pair.h"

#include <array>
#include <string>

namespace quire {
namespace {

struct Filled {
  std::string_view place;
  std::string_view text;
};

PromptText fill_in(std::string_view pair_template, std::string_view query, std::string_view document) {
  const std::array<Filled, 2> places = {{{"{query}", query}, {"{document}", document}}};
  PromptText prompt;
  while (!pair_template.empty()) {
    size_t begin = pair_template.size();
    const Filled* next = nullptr;
    for (const Filled& one : places) {
      if (const size_t at = pair_template.find(one.place); at < begin) {
        begin = at;
        next = &one;
      }
    }
    prompt.text += pair_template.substr(0, begin);
    if (next == nullptr) break;
    const size_t text_begin = prompt.text.size();
    prompt.text += next->text;
    if (!next->text.empty()) prompt.user_spans.push_back({.begin = text_begin, .end = prompt.text.size()});
    pair_template.remove_prefix(begin + next->place.size());
  }
  return prompt;
}

}  // namespace

std::vector<TokenId> encode_pair(const Tokenizer& tokenizer, std::string_view pair_template, std::string_view query,
                                 std::string_view document) {
  if (!pair_template.empty()) return tokenizer.encode(fill_in(pair_template, query, document), true);
  std::vector<TokenId> tokens = tokenizer.encode(query, true, false);
  const TokenId separator = tokenizer.separator();
  // WordPiece ends each text with it.
  const bool stands_there = !tokenizer.adds_eos() && !tokens.empty() && tokens.back() == separator;
  if (tokenizer.adds_separator() && separator >= 0 && !stands_there) tokens.push_back(separator);
  const std::vector<TokenId> second = tokenizer.encode(document, true, false);
  const bool begins_anew = tokenizer.adds_bos() && !second.empty() && second.front() == tokenizer.bos();
  tokens.insert(tokens.end(), second.begin() + (begins_anew ? 1 : 0), second.end());
  return tokens;
}

}  // namespace quire
