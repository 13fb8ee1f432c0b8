#include "store/registry/partial_blob.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <span>

#include "store/sha256.h"

namespace quire::store::registry {
namespace {

namespace fs = std::filesystem;

// How often a download looks whether the other one has ended.
constexpr int64_t lock_poll_ns = 100'000'000;

bool names_this_file(const fs::path& path, int descriptor) {
  struct stat named {};
  struct stat open {};
  return ::stat(path.c_str(), &named) == 0 && ::fstat(descriptor, &open) == 0 && named.st_ino == open.st_ino &&
         named.st_dev == open.st_dev;
}

}  // namespace

Result<std::optional<PartialBlob>> PartialBlob::open(const StoreFolder& folder, const Layer& layer,
                                                     const Surroundings& surroundings, const Hooks& hooks) {
  const fs::path path = folder.partial_path(layer.digest);
  for (;;) {
    if (folder.hold_blob(layer.digest, layer.size_bytes)) {
      remove_part_files(path);
      return std::nullopt;
    }
    Descriptor file(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644));
    if (!file) return disk_failure("write", path, errno);
    const bool locked = ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 || errno == ENOLCK || errno == EOPNOTSUPP;
    if (!locked) {
      QUIRE_TRY_VOID(pause(surroundings, hooks, lock_poll_ns));
      continue;
    }
    if (!names_this_file(path, file.get())) continue;  // it became a blob, or was deleted, meanwhile
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return disk_failure("read", path, errno);
    QUIRE_TRY(PartFiles files, PartFiles::open(path, layer.size_bytes, static_cast<uint64_t>(status.st_size)));
    PartialBlob partial(layer, path, std::move(file), std::move(files));
    partial.resumed_ = !partial.states.parts.empty();
    if (!partial.resumed_) {
      QUIRE_TRY_VOID(
          partial.start_over(plan_parts(layer.size_bytes, surroundings.part_bytes_min, surroundings.part_bytes_max)));
    }
    return partial;
  }
}

Result<void> PartialBlob::write(uint64_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return disk_failure("write", path_, written < 0 ? errno : ENOSPC);
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return {};
}

Result<void> PartialBlob::start_over(std::vector<Part> parts) {
  states.remove_all();
  resumed_ = false;
  // Without the first call a file of the same length would keep what it has.
  if (::ftruncate(file_.get(), 0) != 0 || ::ftruncate(file_.get(), static_cast<off_t>(layer_.size_bytes)) != 0) {
    return disk_failure("write", path_, errno);
  }
  return states.replace(std::move(parts));
}

uint64_t PartialBlob::completed_bytes() const {
  uint64_t bytes = 0;
  for (const Part& part : states.parts) bytes += part.completed_bytes;
  return bytes;
}

void PartialBlob::discard() {
  states.remove_all();
  ::unlink(path_.c_str());
}

Result<void> PartialBlob::verify(const Hooks& hooks) {
  std::vector<std::byte> buffer(1 << 20);
  Sha256 hash;
  for (uint64_t offset = 0;;) {
    if (!hooks.keep_going()) return fail(ErrorKind::cancelled, "cancelled");
    const ssize_t count = ::pread(file_.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return disk_failure("read", path_, errno);
    if (count == 0) break;
    hash.update(std::span(buffer).first(static_cast<size_t>(count)));
    offset += static_cast<uint64_t>(count);
  }
  const std::string digest = "sha256:" + hash.finish_hex();
  if (digest == layer_.digest) return {};
  discard();
  return fail(ErrorKind::invalid,
              fmt::format("digest mismatch, file must be downloaded again: want {}, got {}", layer_.digest, digest));
}

Result<BlobHold> PartialBlob::adopt(const StoreFolder& folder) {
  ::flock(file_.get(), LOCK_SH);  // as whoever needs a blob has it
  QUIRE_TRY(BlobHold hold, folder.adopt_blob(path_, layer_.digest));
  // Only now: a file without its states would count as empty.
  states.remove_all();
  return hold;
}

}  // namespace quire::store::registry
