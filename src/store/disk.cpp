#include "store/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace quire::store {
namespace {

namespace fs = std::filesystem;

constexpr mode_t file_mode = 0644;
constexpr std::string_view temporary_prefix = ".quire-";

std::unexpected<Error> full_disk(const fs::path& path) {
  return fail(ErrorKind::io, fmt::format("the disk of {} is full", path.string()));
}

std::string gigabytes(uint64_t bytes) { return fmt::format("{:.2f} GB", static_cast<double>(bytes) / 1e9); }

// Returns whether the lock was taken.
bool lock_file(int descriptor, int operation) {
  int failed = 0;
  do {
    failed = ::flock(descriptor, operation);
  } while (failed != 0 && errno == EINTR);
  return failed == 0;
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

NamedTemporary::~NamedTemporary() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

int NamedTemporary::rename_to(const fs::path& name) {
  if (::rename(path_.c_str(), name.c_str()) != 0) return errno;
  path_.clear();
  return 0;
}

std::unexpected<Error> disk_failure(std::string_view what, const fs::path& path, int error) {
  if (error == ENOSPC || error == EDQUOT) return full_disk(path);
  return fail(error == ENOENT ? ErrorKind::not_found : ErrorKind::io,
              fmt::format("cannot {} {}: {}", what, path.string(), std::generic_category().message(error)));
}

Result<void> check_disk_room(const fs::path& folder, uint64_t bytes) {
  struct statvfs room {};
  if (::statvfs(folder.c_str(), &room) != 0) return disk_failure("look for room in", folder, errno);
  const uint64_t free = static_cast<uint64_t>(room.f_bavail) * room.f_frsize;
  if (bytes <= free) return {};
  return fail(ErrorKind::io, fmt::format("the disk of {} is full: {} are needed and {} are free", folder.string(),
                                         gigabytes(bytes), gigabytes(free)));
}

Result<std::string> read_file(const fs::path& path, uint64_t bytes_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return disk_failure("read", path, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return disk_failure("read", path, errno);
  if (!S_ISREG(status.st_mode)) return fail(ErrorKind::io, fmt::format("{} is no file", path.string()));
  if (static_cast<uint64_t>(status.st_size) > bytes_max) {
    return fail(ErrorKind::too_large,
                fmt::format("{} has {} bytes, {} at most", path.string(), status.st_size, bytes_max));
  }
  // What the file has now; one that grows meanwhile is cut, one that shrinks is short.
  std::string text(static_cast<size_t>(status.st_size), '\0');
  size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t count = ::read(file.get(), text.data() + filled, text.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return disk_failure("read", path, errno);
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  text.resize(filled);
  return text;
}

Result<void> write_all(int descriptor, std::span<const std::byte> bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return disk_failure("write", path, errno);
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
  return {};
}

Result<void> sync_folder(const fs::path& folder) {
  const Descriptor file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file) return disk_failure("open", folder, errno);
  // Some network file systems do not sync folders, and have nothing to sync.
  if (::fsync(file.get()) != 0 && errno != EINVAL && errno != EROFS) return disk_failure("write", folder, errno);
  return {};
}

Result<NamedTemporary> make_temporary(const fs::path& folder) {
  for (int number = 0;; ++number) {
    const fs::path path = folder / fmt::format("{}{}-{}", temporary_prefix, ::getpid(), number);
    Descriptor file(::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, file_mode));
    if (!file && errno == EEXIST) continue;
    if (!file) return disk_failure("create", path, errno);
    // Whoever deletes what is stale may have been faster than the lock.
    struct stat status {};
    if (lock_file(file.get(), LOCK_SH) && (::fstat(file.get(), &status) != 0 || status.st_nlink == 0)) continue;
    return NamedTemporary(std::move(file), path);
  }
}

void delete_stale_temporaries(const fs::path& folder) {
  // A folder that cannot be read fails where it is needed.
  (void)each_entry(folder, [&](const char* name, EntryKind) {
    if (!std::string_view(name).starts_with(temporary_prefix)) return;
    const fs::path path = folder / name;
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file && lock_file(file.get(), LOCK_EX | LOCK_NB)) ::unlink(path.c_str());
  });
}

Result<void> each_entry(const fs::path& folder, FunctionRef<void(const char* name, EntryKind kind)> visit) {
  const std::unique_ptr<DIR, decltype([](DIR* open) { ::closedir(open); })> open(::opendir(folder.c_str()));
  if (!open) return disk_failure("read", folder, errno);
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(open.get());
    if (entry == nullptr) break;
    if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
    const bool unknown = entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK;
    visit(entry->d_name, unknown ? EntryKind::unknown : entry->d_type == DT_DIR ? EntryKind::folder : EntryKind::other);
  }
  if (errno != 0) return disk_failure("read", folder, errno);
  return {};
}

}  // namespace quire::store
