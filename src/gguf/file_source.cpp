#include "gguf/file_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "gguf/printable.h"

namespace quire::gguf {
namespace {

std::unexpected<Error> system_failure(std::string_view what, const std::filesystem::path& path, int error) {
  const ErrorKind kind = error == ENOENT || error == ENOTDIR ? ErrorKind::not_found : ErrorKind::io;
  return fail(kind, fmt::format("{} {}: {}", what, printable_path(path), std::generic_category().message(error)));
}

std::unexpected<Error> not_a_model(const std::filesystem::path& path, std::string_view what) {
  return fail(ErrorKind::invalid, fmt::format("{} is {}; expected a GGUF file", printable_path(path), what));
}

}  // namespace

Result<std::unique_ptr<const FileSource>> FileSource::open(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe that nobody writes to must not hang; it is refused below.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return system_failure("cannot open", path, errno);
  std::unique_ptr<FileSource> source(new FileSource(path, descriptor));
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0) return system_failure("cannot look at", path, errno);
  if (S_ISDIR(status.st_mode)) return not_a_model(path, "a directory");
  if (!S_ISREG(status.st_mode)) return not_a_model(path, "not a regular file");
  if (status.st_size == 0) return not_a_model(path, "empty");
  source->size_bytes_ = static_cast<uint64_t>(status.st_size);
  source->modified_ = file_time(status.st_mtim);
  return source;
}

FileSource::~FileSource() { ::close(descriptor_); }

Result<void> FileSource::read(uint64_t offset, std::span<std::byte> to) const {
  while (!to.empty()) {
    const ssize_t count = ::pread(descriptor_, to.data(), to.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("cannot read", path_, errno);
    if (count == 0) {
      return fail(ErrorKind::io, fmt::format("{} has changed since it was opened: it ends at byte {}, it had {} bytes",
                                             printable_path(path_), offset, size_bytes_));
    }
    offset += static_cast<uint64_t>(count);
    to = to.subspan(static_cast<size_t>(count));
  }
  return {};
}

void FileSource::read_soon(uint64_t offset, uint64_t count) const {
  (void)::posix_fadvise(descriptor_, static_cast<off_t>(offset), static_cast<off_t>(count), POSIX_FADV_WILLNEED);
}

Result<void> FileSource::check_unchanged() const {
  struct stat status = {};
  if (::fstat(descriptor_, &status) != 0) return system_failure("cannot look at", path_, errno);
  if (static_cast<uint64_t>(status.st_size) != size_bytes_) {
    return fail(ErrorKind::io, fmt::format("{} has changed since it was opened: it has {} bytes, it had {}",
                                           printable_path(path_), status.st_size, size_bytes_));
  }
  if (file_time(status.st_mtim) != modified_) {
    return fail(ErrorKind::io,
                fmt::format("{} has changed since it was opened: it was written to", printable_path(path_)));
  }
  return {};
}

}  // namespace quire::gguf
