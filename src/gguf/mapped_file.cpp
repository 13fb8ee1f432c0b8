#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "gguf/file.h"
#include "gguf/printable.h"

namespace quire::gguf {
namespace {

std::unexpected<Error> system_failure(std::string_view what, const std::filesystem::path& path, int error) {
  const ErrorKind kind = error == ENOENT || error == ENOTDIR ? ErrorKind::not_found : ErrorKind::io;
  return fail(kind, fmt::format("{} {}: {}", what, printable(path.native()), std::generic_category().message(error)));
}

// Closes on every way out; the mapping outlives the descriptor.
struct Descriptor {
  int number = -1;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe that nobody writes to must not hang; it is refused below.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number < 0) return system_failure("cannot open", path, errno);
  struct stat status = {};
  if (::fstat(file.number, &status) != 0) return system_failure("cannot look at", path, errno);
  if (S_ISDIR(status.st_mode)) {
    return fail(ErrorKind::invalid, fmt::format("{} is a directory; expected a GGUF file", printable(path.native())));
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorKind::invalid,
                fmt::format("{} is not a regular file; expected a GGUF file", printable(path.native())));
  }
  if (status.st_size == 0) {
    return fail(ErrorKind::invalid, fmt::format("{} is empty; expected a GGUF file", printable(path.native())));
  }
  const auto size = static_cast<size_t>(status.st_size);
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
  if (address == MAP_FAILED) return system_failure("cannot map", path, errno);
  return MappedFile(std::span(static_cast<const std::byte*>(address), size));
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::release(std::span<const std::byte> part) const {
  // Whole pages inside the part only: a page at its edge may hold a neighbour that is still in use.
  static const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(part.data()) + page - 1) / page * page;
  const uintptr_t end = (reinterpret_cast<uintptr_t>(part.data()) + part.size()) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace quire::gguf
