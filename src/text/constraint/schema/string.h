// Sets of strings, as what they say (not as they are escaped): lengths stay numbers for as long as they can, since an
// automaton that counts to a length has as many states.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/constraint/pattern/regular.h"

namespace quire::constraint {

// A value; one thread.
class StringSet {
 public:
  // Texts of `min` to `max` code points that are in `texts`, if there is one.
  struct Piece {
    uint64_t min = 0, max = UINT64_MAX;
    std::shared_ptr<const Regular> texts = {};
    bool has_length() const { return min > 0 || max < UINT64_MAX; }
    bool operator==(const Piece&) const = default;
  };

  static constexpr size_t pieces_max = 128;

  static StringSet all() { return StringSet({Piece{}}); }
  static StringSet none() { return StringSet({}); }
  static StringSet of(std::shared_ptr<const Regular> texts);
  static StringSet lengths(uint64_t min, uint64_t max);

  // ErrorKind::too_large where an automaton of it is, or there are over pieces_max.
  Result<StringSet> both(const StringSet& other) const;
  Result<StringSet> either(const StringSet& other) const;
  Result<StringSet> complement() const;

  bool is_all() const { return pieces_.size() == 1 && pieces_[0] == Piece{}; }
  // ErrorKind::too_large as above.
  Result<bool> is_empty() const;
  bool matches(std::string_view text) const;
  // Their union is the set.
  const std::vector<Piece>& pieces() const { return pieces_; }
  // All of it in one automaton.
  Result<Regular> as_regular() const;

 private:
  explicit StringSet(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {}
  std::vector<Piece> pieces_;
};

// The texts of a piece, its lengths counted in.
Result<Regular> piece_texts(const StringSet::Piece& piece);

// A format's texts, compiled once for all schemas. `within`: texts that all of the standard's are among; none there:
// `texts` is all of it.
struct Format {
  std::shared_ptr<const Regular> texts, within;
};
// None where the name is unknown, and so says nothing. ErrorKind::unsupported for a standard one that is no regular
// language.
Result<std::optional<Format>> find_format(std::string_view name);

}  // namespace quire::constraint
