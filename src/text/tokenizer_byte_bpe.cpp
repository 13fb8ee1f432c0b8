#include "text/tokenizer_byte_bpe.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "gguf/printable.h"
#include "text/byte_alphabet.h"
#include "text/normal_form.h"

namespace quire {

Result<MergeTable> MergeTable::create(const Vocabulary& vocabulary, const std::vector<std::string>& lines) {
  struct Line {
    TokenId left;
    Entry entry;
  };
  if (lines.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return fail(ErrorKind::too_large,
                "tokenizer.ggml.merges has " + std::to_string(lines.size()) + " elements, at most 2^31 supported");
  }
  std::vector<Line> parsed;
  parsed.reserve(lines.size());
  std::string merged;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    // The alphabet has no space, but a line may begin with one in vocabularies that are not spelled by it.
    const size_t space = line.find(' ', 1);
    if (space == std::string_view::npos || space + 1 == line.size()) {
      return fail(ErrorKind::invalid, "tokenizer.ggml.merges[" + std::to_string(i) + "] is " +
                                          gguf::printable(lines[i]) + ", expected two names with a space between");
    }
    const std::string_view left_name = line.substr(0, space);
    const std::string_view right_name = line.substr(space + 1);
    merged.assign(left_name).append(right_name);
    const TokenId left = vocabulary.find_text(left_name);
    const TokenId right = vocabulary.find_text(right_name);
    const TokenId token = vocabulary.find_text(merged);
    if (left == no_token || right == no_token || token == no_token) continue;
    parsed.push_back({left, {.right = right, .rank = static_cast<int32_t>(i), .merged = token}});
  }
  std::sort(parsed.begin(), parsed.end(), [](const Line& a, const Line& b) {
    return std::tie(a.left, a.entry.right, a.entry.rank) < std::tie(b.left, b.entry.right, b.entry.rank);
  });
  MergeTable table;
  table.first_.assign(static_cast<size_t>(vocabulary.size()) + 1, 0);
  table.entries_.reserve(parsed.size());
  for (size_t i = 0; i < parsed.size(); ++i) {
    const Line& line = parsed[i];
    // Said twice: the better rank holds.
    if (i > 0 && parsed[i - 1].left == line.left && parsed[i - 1].entry.right == line.entry.right) continue;
    table.entries_.push_back(line.entry);
    ++table.first_[static_cast<size_t>(line.left) + 1];
  }
  for (size_t i = 1; i < table.first_.size(); ++i) table.first_[i] += table.first_[i - 1];
  return table;
}

Merge MergeTable::find(TokenId left, TokenId right) const {
  if (left < 0 || right < 0) return {};
  const auto begin = entries_.begin() + first_[static_cast<size_t>(left)];
  const auto end = entries_.begin() + first_[static_cast<size_t>(left) + 1];
  const auto found =
      std::lower_bound(begin, end, right, [](const Entry& entry, TokenId token) { return entry.right < token; });
  if (found == end || found->right != right) return {};
  return {.rank = found->rank, .token = found->merged};
}

Result<ByteBpeEncoder> ByteBpeEncoder::create(const Vocabulary& vocabulary, const gguf::Metadata& metadata) {
  if (!metadata.contains("tokenizer.ggml.pre")) {
    // Guessing would give wrong tokens without a word.
    return fail(ErrorKind::unsupported,
                "tokenizer.ggml.pre is missing, so it is unknown how text is cut into words; convert the model again");
  }
  QUIRE_TRY(const std::string pre_name, metadata.get_string("tokenizer.ggml.pre"));
  QUIRE_TRY(PreTokenizer pre_tokenizer, PreTokenizer::create(pre_name));
  QUIRE_TRY(const std::vector<std::string>& lines, metadata.get_strings("tokenizer.ggml.merges"));
  QUIRE_TRY(MergeTable merges, MergeTable::create(vocabulary, lines));
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
