#include "support/allocation_watch.h"

#include <cstdlib>
#include <new>

namespace {
thread_local size_t largest_request = 0;
thread_local size_t request_count = 0;

void* allocate(size_t size) {
  ++request_count;
  if (size > largest_request) largest_request = size;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

// Replacements for the whole test program, as the standard allows.
void* operator new(size_t size) { return allocate(size); }
void* operator new[](size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace quire::test {

AllocationWatch::AllocationWatch() { largest_request = request_count = 0; }
size_t AllocationWatch::largest() const { return largest_request; }
size_t AllocationWatch::count() const { return request_count; }

}  // namespace quire::test
