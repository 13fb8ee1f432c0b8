#include "text/constraint/schema/string.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/unicode.h"

namespace quire::constraint {
namespace {

std::unexpected<Error> too_many_pieces() {
  return fail(ErrorKind::too_large,
              fmt::format("strings of over {} lengths and patterns in one value", StringSet::pieces_max));
}

}  // namespace

Result<Regular> piece_texts(const StringSet::Piece& piece) {
  if (piece.texts != nullptr && !piece.has_length()) return *piece.texts;
  if (piece.min > piece.max) return Regular::nothing();
  QUIRE_TRY(const Regular counted, Regular::characters(piece.min, piece.max));
  if (piece.texts == nullptr) return counted;
  return piece.texts->both(counted);
}

StringSet StringSet::of(std::shared_ptr<const Regular> texts) {
  if (texts->is_empty()) return none();
  if (*texts == Regular::any()) return all();
  return StringSet({Piece{.texts = std::move(texts)}});
}

StringSet StringSet::lengths(uint64_t min, uint64_t max) {
  return min > max ? none() : StringSet({Piece{.min = min, .max = max}});
}

Result<StringSet> StringSet::both(const StringSet& other) const {
  if (is_all()) return other;
  if (other.is_all()) return *this;
  std::vector<Piece> pieces;
  for (const Piece& a : pieces_) {
    for (const Piece& b : other.pieces_) {
      Piece piece{.min = std::max(a.min, b.min), .max = std::min(a.max, b.max), .texts = a.texts};
      if (piece.min > piece.max) continue;
      if (b.texts != nullptr && b.texts != a.texts) {
        piece.texts = b.texts;
        if (a.texts != nullptr) {
          QUIRE_TRY(Regular texts, a.texts->both(*b.texts));
          piece.texts = std::make_shared<const Regular>(std::move(texts));
        }
      }
      if (piece.texts != nullptr && piece.texts->is_empty()) continue;
      if (std::ranges::find(pieces, piece) == pieces.end()) pieces.push_back(std::move(piece));
      if (pieces.size() > pieces_max) return too_many_pieces();
    }
  }
  return StringSet(std::move(pieces));
}

Result<StringSet> StringSet::either(const StringSet& other) const {
  if (is_all() || other.is_all()) return all();
  std::vector<Piece> pieces = pieces_;
  for (const Piece& piece : other.pieces_) {
    if (std::ranges::find(pieces, piece) != pieces.end()) continue;
    const auto joins = [](const Piece& a) { return a.texts != nullptr && !a.has_length(); };
    const auto host = joins(piece) ? std::ranges::find_if(pieces, joins) : pieces.end();
    if (host == pieces.end()) {
      pieces.push_back(piece);
      if (pieces.size() > pieces_max) return too_many_pieces();
      continue;
    }
    QUIRE_TRY(Regular texts, host->texts->either(*piece.texts));
    if (texts == Regular::any()) return all();
    host->texts = std::make_shared<const Regular>(std::move(texts));
  }
  return StringSet(std::move(pieces));
}

Result<StringSet> StringSet::complement() const {
  StringSet out = all();
  for (const Piece& piece : pieces_) {
    std::vector<Piece> outside;
    if (piece.min > 0) outside.push_back({.max = piece.min - 1});
    if (piece.max < UINT64_MAX) outside.push_back({.min = piece.max + 1});
    if (piece.texts != nullptr) {
      QUIRE_TRY(Regular texts, Regular::any().without(*piece.texts));
      if (!texts.is_empty()) outside.push_back({.texts = std::make_shared<const Regular>(std::move(texts))});
    }
    QUIRE_TRY(out, out.both(StringSet(std::move(outside))));
  }
  return out;
}

Result<bool> StringSet::is_empty() const {
  for (const Piece& piece : pieces_) {
    if (piece.texts == nullptr || !piece.has_length()) return false;  // neither is kept empty
    QUIRE_TRY(const Regular texts, piece_texts(piece));
    if (!texts.is_empty()) return false;
  }
  return true;
}

bool StringSet::matches(std::string_view text) const {
  const uint64_t length = count_code_points(text);
  return std::ranges::any_of(pieces_, [&](const Piece& piece) {
    return piece.min <= length && length <= piece.max && (piece.texts == nullptr || piece.texts->matches(text));
  });
}

Result<Regular> StringSet::as_regular() const {
  Regular out = Regular::nothing();
  for (const Piece& piece : pieces_) {
    QUIRE_TRY(const Regular texts, piece_texts(piece));
    QUIRE_TRY(out, out.either(texts));
  }
  return out;
}

}  // namespace quire::constraint
