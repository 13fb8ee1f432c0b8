// When a broken invariant stops the program, which seed was it?
#pragma once

#include <cstdint>
#include <string_view>

namespace quire::sim {

// While it lives, an abort (QUIRE_CHECK) first prints on standard error how to replay the seed that was running.
// One at a time in a process.
class AbortNote {
 public:
  AbortNote();
  ~AbortNote();
  AbortNote(const AbortNote&) = delete;
  AbortNote& operator=(const AbortNote&) = delete;

  // `kind`: the option of `quire simulate` for worlds of this kind.
  void running(uint64_t seed, std::string_view kind = "");
};

}  // namespace quire::sim
