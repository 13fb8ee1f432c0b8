// Kernels with one thing wrong, which is chosen as they run: some case has to see each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gpu/cases.h"
#include "gpu/observer.h"

namespace quire::test {

// A place that reads or writes what threads share: one element further on.
struct ShiftedIndex {
  const void* site;
  bool operator==(const ShiftedIndex&) const = default;
};
// What floats are computed behind an access, up to the next one, is rounded upward.
struct RoundedUp {
  const void* site;
  bool operator==(const RoundedUp&) const = default;
};
// A kernel is launched with one less of a number.
struct BentArgument {
  Argument argument;
  bool operator==(const BentArgument&) const = default;
};

struct Mutant {
  std::variant<BarrierSite, ShiftedIndex, RoundedUp, BentArgument> change;
  std::vector<const Case*> cases;  // that come to it
  std::string name() const;
};

// Of all that happens in these cases, where it makes a difference to a number at all.
std::vector<Mutant> find_mutants(std::span<const Case> cases);

// Whether one of its cases has another result, or a race, or does not end well. In processes of their own.
bool is_caught(const Mutant& mutant);

}  // namespace quire::test
