// Sees what the code under test asks of the heap.
#pragma once

#include <cstddef>

namespace quire::test {

// The largest single allocation of this thread since construction.
class AllocationWatch {
 public:
  AllocationWatch();
  size_t largest() const;
};

}  // namespace quire::test
