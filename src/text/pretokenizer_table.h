// The pre-tokenizers that are known by name: which expressions cut the text, and what goes with them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace quire {

// What goes with a pre-tokenizer's expressions; a set of bits.
enum PreTokenizerTraits : uint8_t {
  cuts_only = 0,
  takes_whole_words = 1,    // a word that is a token is that token, whatever the merges say
  begins_with_bos = 2,      // BOS is added unless the file says otherwise
  composes_characters = 4,  // text is brought into NFC before it is cut
  separates_pairs = 8,      // a separator stands between two texts unless the file says otherwise
  ranks_by_id = 16,         // where the file lists no merges, they are ranked by the id of the token that they make
};

struct KnownPreTokenizer {
  std::string_view name;                     // as converters write it under tokenizer.ggml.pre
  std::span<const char* const> expressions;  // of PCRE2, one after another: each cuts what those before it left
  uint8_t traits = cuts_only;
};

std::span<const KnownPreTokenizer> known_pre_tokenizers();

// Null when no pre-tokenizer is called so.
const KnownPreTokenizer* find_pre_tokenizer(std::string_view name);

}  // namespace quire
