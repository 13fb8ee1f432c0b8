// Code points that an automaton does not tell apart, and the bytes that they are written in.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "text/constraint/pattern/code_points.h"
#include "text/constraint/pattern/dfa.h"

namespace quire::constraint {

// A partition of all code points (surrogates left out): those of one letter are in the same ones of the sets.
class Letters {
 public:
  // ErrorKind::too_large where the sets cut one another into too many parts.
  static Result<Letters> of(const std::vector<CodePoints>& sets);

  struct Range {
    char32_t first = 0, last = 0;
    uint32_t letter = 0;
  };
  uint32_t count() const { return count_; }
  const std::vector<Range>& ranges() const { return ranges_; }  // sorted, of all code points
  // The letters of sets[index], ascending.
  const std::vector<uint32_t>& of_set(size_t index) const { return of_set_[index]; }

 private:
  uint32_t count_ = 0;
  std::vector<Range> ranges_;
  std::vector<std::vector<uint32_t>> of_set_;
};

// The same language in UTF-8, canonical. REQUIRES: dfa is minimal.
Result<ByteDfa> in_bytes(const Dfa& dfa, const Letters& letters);

}  // namespace quire::constraint
