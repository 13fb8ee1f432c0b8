#include "text/tokenizer_unigram.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "text/utf8.h"

namespace quire {

namespace {

constexpr std::string_view unigram_space = "\xE2\x96\x81";
// What SentencePiece takes off the worst score for a character without a piece.
constexpr double unknown_penalty = 10.0;

bool has_inner_space(std::string_view piece) {
  size_t begin = 0;
  while (piece.substr(begin).starts_with(unigram_space)) begin += unigram_space.size();
  return piece.find(unigram_space, begin) != std::string_view::npos;
}

}  // namespace

Result<UnigramEncoder> UnigramEncoder::create(const Vocabulary& vocabulary, const gguf::Metadata& metadata) {
  if (!vocabulary.has_scores()) {
    return fail(ErrorKind::invalid, "tokenizer.ggml.scores is missing, expected with tokenizer.ggml.model \"t5\"");
  }
  QUIRE_TRY(Charsmap charsmap, Charsmap::read(metadata));
  std::vector<PieceTrie::Piece> pieces;
  std::array<TokenId, 256> byte_tokens;
  byte_tokens.fill(no_token);
  double worst = 0;
  bool inner_space = false;
  for (TokenId token = 0; token < vocabulary.size(); ++token) {
    const std::string_view name = vocabulary.name(token);
    if (vocabulary.type(token) == TokenType::byte) {
      byte_tokens[static_cast<uint8_t>(vocabulary.bytes(token).front())] = token;
    } else if (vocabulary.type(token) == TokenType::normal && !name.empty()) {
      pieces.push_back({name, token});
      worst = std::min(worst, double{vocabulary.score(token)});
      inner_space = inner_space || has_inner_space(name);
    }
  }
  UnigramEncoder encoder(PieceTrie(std::move(pieces)), std::move(charsmap));
  encoder.unknown_score_ = worst - unknown_penalty;
  encoder.words_begin_with_space_ = !inner_space;
  encoder.has_bytes_ = std::ranges::find(byte_tokens, no_token) == byte_tokens.end();
  encoder.byte_tokens_ = byte_tokens;
  QUIRE_TRY(encoder.merges_spaces_, metadata.get_bool_or("tokenizer.ggml.remove_extra_whitespaces", false));
  return encoder;
}

std::string UnigramEncoder::normalized(std::string_view text, TextPlace place) const {
  constexpr std::string_view replacement_character = "\xEF\xBF\xBD";
  std::string result;
  result.reserve(text.size() + text.size() / 2);
  bool prefix = place == TextPlace::begins_word;
  bool after_space = merges_spaces_ && place != TextPlace::goes_on;
  for (size_t at = 0; at < text.size();) {
    Charsmap::Match match = charsmap_.longest(text, at);
    if (match.size == 0) {
      const size_t size = utf8_character_size(text, at);
      match = {.size = std::max<size_t>(size, 1),
               .replacement = size > 0 ? text.substr(at, size) : replacement_character};
    }
    at += match.size;
    for (const char c : match.replacement) {
      if (c == ' ' && after_space) continue;
      if (prefix) result += unigram_space;
      prefix = false;
      after_space = merges_spaces_ && c == ' ';
      if (c == ' ') {
        result += unigram_space;
      } else {
        result.push_back(c);
      }
    }
  }
  while (merges_spaces_ && result.ends_with(unigram_space)) result.resize(result.size() - unigram_space.size());
  return result;
}

void UnigramEncoder::encode(const Vocabulary& vocabulary, std::string_view text, TextPlace place,
                            std::vector<TokenId>& tokens) const {
  QUIRE_CHECK(text.size() < (size_t{1} << 29), "a prompt this long is refused before it is tokenized");
  const std::string spelled = normalized(text, place);
  const std::string_view all = spelled;
  Scratch scratch;
  // Words are looked at one by one where no piece holds parts of two: what is kept for each byte stays in cache.
  for (size_t begin = 0; begin < all.size();) {
    size_t end = all.size();
    if (words_begin_with_space_) {
      size_t after_spaces = begin;
      while (all.substr(after_spaces).starts_with(unigram_space)) after_spaces += unigram_space.size();
      end = std::min(all.find(unigram_space, after_spaces), all.size());
    }
    encode_chunk(vocabulary, all.substr(begin, end - begin), scratch, tokens);
    begin = end;
  }
}

void UnigramEncoder::encode_chunk(const Vocabulary& vocabulary, std::string_view text, Scratch& scratch,
                                  std::vector<TokenId>& tokens) const {
  std::vector<Step>& steps = scratch.steps;
  steps.assign(text.size() + 1, {.score = -std::numeric_limits<double>::infinity(), .begin = 0, .token = no_token});
  steps[0].score = 0;
  const auto offer = [&](size_t begin, size_t end, double score, TokenId token) {
    if (score > steps[end].score) steps[end] = {score, static_cast<uint32_t>(begin), token};
  };
  for (size_t at = 0; at < text.size();) {
    const size_t size = std::max<size_t>(utf8_character_size(text, at), 1);
    const double score = steps[at].score;
    bool has_piece = false;
    pieces_.each_prefix(text, at, [&](size_t piece_size, TokenId token) {
      has_piece = has_piece || piece_size == size;
      offer(at, at + piece_size, score + double{vocabulary.score(token)}, token);
    });
    if (!has_piece) offer(at, at + size, score + unknown_score_, no_token);
    at += size;
  }
  scratch.path.clear();
  for (size_t end = text.size(); end > 0; end = steps[end].begin) {
    scratch.path.push_back({.begin = steps[end].begin, .end = end, .token = steps[end].token});
  }
  for (auto piece = scratch.path.rbegin(); piece != scratch.path.rend(); ++piece) {
    if (piece->token == no_token) {
      append_unknown(vocabulary, text.substr(piece->begin, piece->end - piece->begin), scratch, tokens);
    } else {
      tokens.push_back(piece->token);
      scratch.after_unknown = false;
    }
  }
}

void UnigramEncoder::append_unknown(const Vocabulary& vocabulary, std::string_view character, Scratch& scratch,
                                    std::vector<TokenId>& tokens) const {
  if (has_bytes_) {
    for (const char c : character) tokens.push_back(byte_tokens_[static_cast<uint8_t>(c)]);
    return;
  }
  if (vocabulary.unknown() != no_token && !scratch.after_unknown) tokens.push_back(vocabulary.unknown());
  scratch.after_unknown = true;
}

}  // namespace quire
