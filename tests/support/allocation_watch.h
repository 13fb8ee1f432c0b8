// Sees what the code under test asks of the heap.
#pragma once

#include <cstddef>

namespace quire::test {

// The allocations of this thread since construction.
class AllocationWatch {
 public:
  AllocationWatch();
  size_t largest() const;  // bytes of the largest single one
  size_t count() const;
};

}  // namespace quire::test
