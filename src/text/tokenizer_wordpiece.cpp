#include "text/tokenizer_wordpiece.h"

#include <utf8proc.h>

#include <algorithm>
#include <utility>

#include "text/normal_form.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace quire {

namespace {

constexpr std::string_view phantom_space = "\xE2\x96\x81";
constexpr size_t word_characters_max = 100;

// What a character is to a word.
enum class Part { nothing, white_space, alone, letter };

struct CodePointRange {
  int32_t first;
  int32_t last;
};

// CJK ideographs. Each is a word; U+2B820 to U+2B91F are not, by a slip in the code that most models were trained with.
constexpr CodePointRange ideographs[] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},
                                         {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F},
                                         {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F}};

bool is_ideograph(int32_t value) {
  return std::ranges::any_of(ideographs,
                             [&](const CodePointRange& range) { return value >= range.first && value <= range.last; });
}

bool is_ascii_sign(int32_t value) {
  return (value >= '!' && value <= '/') || (value >= ':' && value <= '@') || (value >= '[' && value <= '`') ||
         (value >= '{' && value <= '~');
}

Part part_of(int32_t value, bool strip_accents) {
  if (value < 0x80) {
    if (value == ' ' || value == '\t' || value == '\n' || value == '\r') return Part::white_space;
    if (value < ' ' || value == 0x7F) return Part::nothing;
    return is_ascii_sign(value) ? Part::alone : Part::letter;
  }
  if (value == 0xFFFD) return Part::nothing;
  switch (utf8proc_category(value)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
      return Part::nothing;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return Part::white_space;
    case UTF8PROC_CATEGORY_MN:
      return strip_accents ? Part::nothing : Part::letter;
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
      return Part::alone;
    default:
      return is_ideograph(value) ? Part::alone : Part::letter;
  }
}

}  // namespace

Result<WordPieceEncoder> WordPieceEncoder::create(const Vocabulary& vocabulary, const gguf::Metadata& metadata) {
  std::vector<PieceTrie::Piece> pieces;
  for (TokenId token = 0; token < vocabulary.size(); ++token) {
    const std::string_view name = vocabulary.name(token);
    if (!name.empty() && vocabulary.type(token) == TokenType::normal) pieces.push_back({name, token});
  }
  WordPieceEncoder encoder{PieceTrie(std::move(pieces))};
  QUIRE_TRY(encoder.lowercase_, metadata.get_bool_or("tokenizer.ggml.normalizer.lowercase", true));
  QUIRE_TRY(encoder.strip_accents_,
            metadata.get_bool_or("tokenizer.ggml.normalizer.strip_accents", encoder.lowercase_));
  return encoder;
}

void WordPieceEncoder::encode(const Vocabulary& vocabulary, std::string_view text, std::vector<TokenId>& tokens) const {
  std::string decomposed;
  if (strip_accents_ && !is_surely_nfd(text)) {
    decomposed = nfd(text);
    text = decomposed;
  }
  std::string word(phantom_space);
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    at += point.size_bytes;
    const Part part = part_of(point.value, strip_accents_);
    if (part == Part::nothing) continue;
    if (part != Part::letter) encode_word(vocabulary, word, tokens);
    if (part == Part::white_space) continue;
    if (lowercase_) {
      append_lower(word, point.value);
    } else {
      append_code_point(word, point.value);
    }
    if (part == Part::alone) encode_word(vocabulary, word, tokens);
  }
  encode_word(vocabulary, word, tokens);
}

void WordPieceEncoder::encode_word(const Vocabulary& vocabulary, std::string& word,
                                   std::vector<TokenId>& tokens) const {
  if (word.size() == phantom_space.size()) return;
  const size_t before = tokens.size();
  bool spelled = utf8_characters_begun(word) <= word_characters_max + 1;
  for (size_t at = 0; spelled && at < word.size();) {
    size_t longest = 0;
    TokenId token = no_token;
    pieces_.each_prefix(word, at, [&](size_t size, TokenId found) {
      // Within a word the sign of its beginning is itself, and no piece but that one has it at its left.
      const bool has_sign = std::string_view(word).substr(at).starts_with(phantom_space);
      if (has_sign && (at == 0) == (size <= phantom_space.size())) return;
      longest = size;
      token = found;
    });
    spelled = longest > 0;
    if (spelled) tokens.push_back(token);
    at += longest;
  }
  if (!spelled) {
    tokens.resize(before);
    if (vocabulary.unknown() != no_token) tokens.push_back(vocabulary.unknown());
  }
  word.resize(phantom_space.size());
}

}  // namespace quire
