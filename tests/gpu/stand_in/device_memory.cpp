#include "gpu/stand_in/device_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <iterator>

namespace quire::test {
namespace {

constexpr uint64_t page_bytes = 4096;
constexpr unsigned char stale = 0xFF;  // NaN in every float

uint64_t whole_pages(uint64_t size_bytes) { return (size_bytes + page_bytes - 1) / page_bytes * page_bytes; }

void* pointer(uint64_t address) { return reinterpret_cast<void*>(address); }

}  // namespace

StandInMemory::~StandInMemory() {
  for (const auto& [address, size] : sizes_) munmap(pointer(address), size);
}

uint64_t StandInMemory::allocate(uint64_t size_bytes) {
  const uint64_t size = whole_pages(size_bytes);
  if (size_bytes == 0 || size > free_bytes()) return 0;
  void* const found = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (found == MAP_FAILED) return 0;
  std::memset(found, stale, std::min(size, page_bytes));  // all of it would take its time
  mprotect(found, size, PROT_NONE);
  const auto address = reinterpret_cast<uint64_t>(found);
  sizes_[address] = size;
  used_bytes_ += size;
  return address;
}

bool StandInMemory::free(uint64_t address) {
  const auto found = sizes_.find(address);
  if (found == sizes_.end()) return false;
  munmap(pointer(address), found->second);
  used_bytes_ -= found->second;
  sizes_.erase(found);
  return true;
}

bool StandInMemory::contains(uint64_t address, uint64_t size_bytes) const {
  const auto next = sizes_.upper_bound(address);
  if (next == sizes_.begin()) return false;
  const auto& [begin, size] = *std::prev(next);
  return size_bytes <= size && address - begin <= size - size_bytes;
}

void StandInMemory::fill(uint64_t address, unsigned char value, uint64_t size_bytes) {
  const uint64_t end = address + size_bytes;
  const uint64_t first_page = whole_pages(address), last_page = end / page_bytes * page_bytes;
  if (value != 0 || first_page >= last_page) {
    std::memset(pointer(address), value, size_bytes);
    return;
  }
  // Pages that are zero need not be there.
  std::memset(pointer(address), 0, first_page - address);
  madvise(pointer(first_page), last_page - first_page, MADV_DONTNEED);
  std::memset(pointer(last_page), 0, end - last_page);
}

void StandInMemory::protect(bool closed) {
  for (const auto& [address, size] : sizes_)
    mprotect(pointer(address), size, closed ? PROT_NONE : PROT_READ | PROT_WRITE);
}

}  // namespace quire::test
