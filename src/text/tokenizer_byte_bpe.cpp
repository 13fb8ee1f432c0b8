#include "text/tokenizer_byte_bpe.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "text/byte_alphabet.h"
#include "text/normal_form.h"

namespace quire {

Result<ByteBpeEncoder> ByteBpeEncoder::create(const Vocabulary& vocabulary, const gguf::Metadata& metadata,
                                              std::string_view pre_name) {
  QUIRE_TRY(PreTokenizer pre_tokenizer, PreTokenizer::create(pre_name));
  const bool lists_none = !metadata.contains("tokenizer.ggml.merges") && pre_tokenizer.has(ranks_by_id);
  QUIRE_TRY(MergeTable merges, lists_none ? Result<MergeTable>(MergeTable::ranked_by_id(vocabulary))
                                          : MergeTable::read(vocabulary, metadata));
  ByteBpeEncoder encoder(std::move(pre_tokenizer), std::move(merges));
  std::string spelled;
  for (size_t byte = 0; byte < 256; ++byte) {
    spelled.clear();
    append_spelled(spelled, static_cast<uint8_t>(byte));
    encoder.byte_tokens_[byte] = vocabulary.find_text(spelled);
  }
  constexpr std::string_view replacement_character = "\xEF\xBF\xBD";
  Scratch scratch;
  encoder.encode_word(vocabulary, replacement_character, scratch, encoder.replacement_);
  return encoder;
}

void ByteBpeEncoder::encode(const Vocabulary& vocabulary, std::string_view text, std::vector<TokenId>& tokens) const {
  QUIRE_CHECK(text.size() < (size_t{1} << 29), "a prompt this long is refused before it is tokenized");
  std::string composed;
  if (pre_tokenizer_.has(composes_characters) && !is_surely_nfc(text)) {
    composed = nfc(text);
    text = composed;
  }
  std::vector<std::string_view> words;
  pre_tokenizer_.split(text, words);
  Scratch scratch;
  for (const std::string_view word : words) encode_word(vocabulary, word, scratch, tokens);
}

size_t ByteBpeEncoder::settled(std::string_view text) const {
  if (!pre_tokenizer_.has(composes_characters)) return pre_tokenizer_.settled(text);
  // A mark may come that composes with the last character. Marks that have come are not followed here.
  if (text.empty() || !is_surely_nfc(text)) return 0;
  size_t last = text.size() - 1;
  while (last > 0 && (static_cast<uint8_t>(text[last]) & 0xc0) == 0x80) --last;
  return pre_tokenizer_.settled(text.substr(0, last));
}

void ByteBpeEncoder::encode_word(const Vocabulary& vocabulary, std::string_view word, Scratch& scratch,
                                 std::vector<TokenId>& tokens) const {
  if (pre_tokenizer_.has(takes_whole_words)) {
    scratch.spelled.clear();
    for (const char c : word) append_spelled(scratch.spelled, static_cast<uint8_t>(c));
    if (const TokenId token = vocabulary.find_text(scratch.spelled); token != no_token) {
      tokens.push_back(token);
      return;
    }
  }
  std::vector<MergeSymbol>& symbols = scratch.symbols;
  symbols.clear();
  for (size_t at = 0; at < word.size(); ++at) {
    const auto index = static_cast<int32_t>(at);
    symbols.push_back({.begin = at,
                       .size = 1,
                       .token = byte_tokens_[static_cast<uint8_t>(word[at])],
                       .previous = index - 1,
                       .next = index + 1});
  }
  symbols.back().next = -1;
  scratch.queue.merge_all(symbols, [&](const MergeSymbol& left, const MergeSymbol& right) {
    return merges_.find(left.token, right.token);
  });
  for (int32_t i = 0; i >= 0; i = symbols[static_cast<size_t>(i)].next) {
    const TokenId token = symbols[static_cast<size_t>(i)].token;
    if (token != no_token) {
      tokens.push_back(token);
    } else {
      tokens.insert(tokens.end(), replacement_.begin(), replacement_.end());
    }
  }
}

}  // namespace quire
