#include "backend/cpu/page_memory.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace quire {

namespace {

// A mapping that begins where a huge page may: what was mapped before and after it to find the place is given back.
void* map_aligned(uint64_t size_bytes, uint64_t alignment, int flags) {
  const uint64_t spare = size_bytes + alignment;
  void* const found = mmap(nullptr, spare, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (found == MAP_FAILED) return MAP_FAILED;
  auto* const begin = static_cast<std::byte*>(found);
  const auto address = reinterpret_cast<uintptr_t>(found);
  const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t before = round_up<uint64_t>(address, alignment) - address;
  const uint64_t end = round_up(before + size_bytes, page);
  if (before > 0) munmap(begin, before);
  if (end < spare) munmap(begin + end, spare - end);
  return begin + before;
}

void* map(uint64_t size_bytes, PageMemory::Pages pages) {
  constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  constexpr uint64_t huge_page_bytes = uint64_t{2} << 20;
  if (pages == PageMemory::Pages::huge && size_bytes >= huge_page_bytes) {
    return map_aligned(size_bytes, huge_page_bytes, flags);
  }
  return mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
}

}  // namespace

Result<PageMemory> PageMemory::allocate(uint64_t size_bytes, Pages pages, const char* purpose) {
  if (size_bytes == 0) return PageMemory();
  // More than any machine has, and mmap would take it as a negative number.
  constexpr uint64_t size_bytes_max = uint64_t{1} << 46;
  void* start = size_bytes <= size_bytes_max ? map(size_bytes, pages) : MAP_FAILED;
  if (start == MAP_FAILED) {
    return fail(ErrorKind::too_large, fmt::format("no room for {} bytes of {}", size_bytes, purpose));
  }
  // Advice: a kernel without huge pages refuses it, and nothing is lost.
  (void)madvise(start, size_bytes, pages == Pages::huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  return PageMemory(static_cast<std::byte*>(start), size_bytes);
}

void PageMemory::give_back(uint64_t offset, uint64_t size_bytes) {
  QUIRE_CHECK(offset <= size_bytes_ && size_bytes <= size_bytes_ - offset, "a range of this memory");
  const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t begin = ceil_div(offset, page) * page;
  const uint64_t end = (offset + size_bytes) / page * page;
  if (begin < end) (void)madvise(bytes_ + begin, end - begin, MADV_DONTNEED);  // else it stays: no harm
}

PageMemory::PageMemory(PageMemory&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)), size_bytes_(std::exchange(other.size_bytes_, 0)) {}

PageMemory& PageMemory::operator=(PageMemory&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

PageMemory::~PageMemory() {
  if (bytes_ != nullptr) munmap(bytes_, size_bytes_);
}

}  // namespace quire
