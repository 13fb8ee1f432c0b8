#include "backend/page_memory.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace quire {

Result<PageMemory> PageMemory::allocate(uint64_t size_bytes, Pages pages, const char* purpose) {
  if (size_bytes == 0) return PageMemory();
  // More than any machine has, and mmap would take it as a negative number.
  constexpr uint64_t size_bytes_max = uint64_t{1} << 46;
  void* start = MAP_FAILED;
  if (size_bytes <= size_bytes_max) {
    start = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  }
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
