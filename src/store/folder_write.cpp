#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "store/folder.h"

namespace quire::store {
namespace {

namespace fs = std::filesystem;

constexpr mode_t file_mode = 0644;
constexpr uint64_t record_bytes_max = 16 << 20;

Result<void> need_writable(const StoreFolder& folder) {
  if (folder.writable()) return {};
  return fail(ErrorKind::unsupported,
              fmt::format("{} is read only here: it is another program's", folder.root().string()));
}

// Removes the folders that `path` was in, up to `root`, as long as they are empty.
void remove_empty_folders(fs::path path, const fs::path& root) {
  for (path = path.parent_path(); path != root && path.native().size() > root.native().size();
       path = path.parent_path()) {
    if (::rmdir(path.c_str()) != 0) return;
  }
}

// Every digest in a text that cannot be understood: what was half written may name them.
void add_digests(std::string_view text, std::set<std::string>& digests) {
  constexpr size_t digest_bytes = 71;
  for (size_t at = text.find("sha256"); at != std::string_view::npos; at = text.find("sha256", at + 1)) {
    if (const Result<std::string> digest = parse_digest(text.substr(at, digest_bytes))) digests.insert(*digest);
  }
}

// Whether every manifest could be read; `named` gets what they name.
Result<void> named_digests(const StoreFolder& folder, std::set<std::string>& named) {
  const ManifestListing listing = folder.list_manifests();
  for (const ManifestEntry& entry : listing.entries) {
    const Result<StoredManifest> stored = folder.read_manifest(entry);
    if (stored) {
      named.insert(stored->digests.begin(), stored->digests.end());
      continue;
    }
    if (stored.error().kind == ErrorKind::not_found) continue;  // deleted meanwhile
    const Result<std::string> text = read_file(entry.path, manifest_bytes_max);
    if (!text) return std::unexpected(text.error());
    add_digests(*text, named);
  }
  return {};
}

}  // namespace

BlobWriter::BlobWriter(const StoreFolder& folder) : folder_(&folder), blobs_(folder.root() / "blobs") {}

Result<void> BlobWriter::append(std::span<const std::byte> bytes) {
  QUIRE_TRY_VOID(write_all(output(), bytes, blobs_));
  hash_.update(bytes);
  size_bytes_ += bytes.size();
  return {};
}

Result<void> BlobWriter::name_as(const fs::path& path) {
  if (!named_) {
    const std::string open_file = fmt::format("/proc/self/fd/{}", output());
    if (::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) return {};
    if (errno != EEXIST) return disk_failure("name", path, errno);
    // What is there is broken (it has another size). A second name replaces it in one step.
    QUIRE_TRY(NamedTemporary second, make_temporary(blobs_));
    if (::unlink(second.path().c_str()) != 0 ||
        ::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, second.path().c_str(), AT_SYMLINK_FOLLOW) != 0) {
      return disk_failure("name", second.path(), errno);
    }
    named_.emplace(std::move(nameless_), second.path());
    // The placeholder is gone already; its name is the output's now.
    second.forget();
  }
  if (const int failed = named_->rename_to(path); failed != 0) return disk_failure("name", path, failed);
  return {};
}

Result<BlobHold> BlobWriter::finish(std::string_view expected) {
  std::string digest = "sha256:" + hash_.finish_hex();
  if (!expected.empty() && digest != expected) {
    return fail(ErrorKind::invalid, fmt::format("digest mismatch, expected {}, got {}", expected, digest));
  }
  if (std::optional<BlobHold> there = folder_->hold_blob(digest, size_bytes_)) return std::move(*there);
  if (::ftruncate(output(), static_cast<off_t>(size_bytes_)) != 0 || ::fsync(output()) != 0) {
    return disk_failure("write", blobs_, errno);
  }
  const fs::path path = folder_->blob_path(digest);
  QUIRE_TRY_VOID(name_as(path));
  QUIRE_TRY_VOID(sync_folder(blobs_));
  Descriptor file = named_ ? std::move(*named_).release() : std::move(nameless_);
  return BlobHold{.digest = std::move(digest), .path = path, .size_bytes = size_bytes_, .file = std::move(file)};
}

Result<BlobWriter> StoreFolder::begin_blob(uint64_t size_bytes) const {
  QUIRE_TRY_VOID(need_writable(*this));
  QUIRE_TRY_VOID(check_room(size_bytes));
  BlobWriter writer(*this);
  // finish() names a file without a name by way of /proc.
  if (::access("/proc/self/fd", X_OK) == 0) {
    writer.nameless_ = Descriptor(::open(writer.blobs_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, file_mode));
    // The lock stays with the file when it gets its name: nobody deletes it before a manifest names it.
    if (writer.nameless_) ::flock(writer.nameless_.get(), LOCK_SH);
  }
  if (!writer.nameless_) {
    QUIRE_TRY(NamedTemporary named, make_temporary(writer.blobs_));
    writer.named_.emplace(std::move(named));
  }
  if (size_bytes == 0) return writer;
  int failed = 0;
  do {
    failed = ::fallocate(writer.output(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size_bytes)) == 0 ? 0 : errno;
  } while (failed == EINTR);
  if (failed != 0 && failed != EOPNOTSUPP && failed != ENOSYS) {
    return disk_failure("make room in", writer.blobs_, failed);
  }
  return writer;
}

Result<BlobHold> StoreFolder::put_blob(std::string_view bytes) const {
  QUIRE_TRY(BlobWriter writer, begin_blob(bytes.size()));
  QUIRE_TRY_VOID(writer.append(std::as_bytes(std::span(bytes))));
  return writer.finish();
}

Result<BlobHold> StoreFolder::adopt_blob(const fs::path& file, std::string_view digest) const {
  QUIRE_TRY_VOID(need_writable(*this));
  Descriptor open(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!open || ::fstat(open.get(), &status) != 0) return disk_failure("read", file, errno);
  ::flock(open.get(), LOCK_SH);
  if (::fsync(open.get()) != 0) return disk_failure("write", file, errno);
  const fs::path path = blob_path(digest);
  if (::rename(file.c_str(), path.c_str()) != 0) return disk_failure("name", path, errno);
  QUIRE_TRY_VOID(sync_folder(root_ / "blobs"));
  return BlobHold{.digest = std::string(digest),
                  .path = path,
                  .size_bytes = static_cast<uint64_t>(status.st_size),
                  .file = std::move(open)};
}

Result<Descriptor> StoreFolder::lock() const {
  const fs::path path = lock_path();
  Descriptor file(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, file_mode));
  if (!file) return disk_failure("open", path, errno);
  while (::flock(file.get(), LOCK_EX) != 0) {
    if (errno == ENOLCK || errno == EOPNOTSUPP) break;  // a file system without locks
    if (errno != EINTR) return disk_failure("lock", path, errno);
  }
  return file;
}

Result<void> StoreFolder::put_manifest(const ModelName& name, std::string_view text) const {
  const fs::path manifests = root_ / "manifests";
  const std::optional<ManifestEntry> existing = entry_of(name);
  fs::path path = manifests / (existing ? existing->name : name).manifest_path();
  if (existing && existing->path.native().starts_with(manifests.native() + "/")) path = existing->path;
  std::error_code error;
  fs::create_directories(manifests, error);
  QUIRE_TRY(NamedTemporary output, make_temporary(manifests));
  QUIRE_TRY_VOID(write_all(output.descriptor(), std::as_bytes(std::span(text)), path));
  if (::fsync(output.descriptor()) != 0) return disk_failure("write", path, errno);
  // Another program may delete a folder that is still empty; then it is made again.
  constexpr int tries_max = 10;
  for (int tries = 1;; ++tries) {
    fs::create_directories(path.parent_path(), error);
    if (error) return disk_failure("make the folder", path.parent_path(), error.value());
    const int failed = output.rename_to(path);
    if (failed == 0) break;
    if (failed != ENOENT || tries == tries_max) return disk_failure("name", path, failed);
  }
  for (fs::path folder = path.parent_path(); folder != root_; folder = folder.parent_path()) {
    QUIRE_TRY_VOID(sync_folder(folder));
  }
  return drop_manifest(name, path);
}

Result<void> StoreFolder::drop_manifest(const ModelName& name, const fs::path& except) const {
  // One name may have several files: of two layouts, or spelled in two ways. All but one go.
  for (const char* kind : {"manifests-v2", "manifests"}) {
    const fs::path root = root_ / kind;
    for (const fs::path& path : paths_of(root, name)) {
      if (path == except) continue;
      if (::unlink(path.c_str()) != 0 && errno != ENOENT) return disk_failure("delete", path, errno);
      remove_empty_folders(path, root);
    }
  }
  return {};
}

// The lock's file is also a record: what is about to be deleted stands in it until it is. Whoever deletes next goes on
// where a program was killed, or where somebody held a blob that no manifest came to name. All lines have one length,
// so that one half of a text over another is lines too. A full disk must not keep anybody from deleting: then there is
// no record, and what a kill leaves is left.
void StoreFolder::record_deletions(int record, const std::set<std::string>& digests) const {
  std::string text;
  for (const std::string& digest : digests) text += digest + '\n';
  if (::lseek(record, 0, SEEK_SET) != 0 || !write_all(record, std::as_bytes(std::span(text)), root_)) return;
  if (::ftruncate(record, static_cast<off_t>(text.size())) == 0) ::fsync(record);
}

std::set<std::string> StoreFolder::recorded_deletions() const {
  std::set<std::string> digests;
  if (const Result<std::string> text = read_file(lock_path(), record_bytes_max)) add_digests(*text, digests);
  return digests;
}

std::vector<std::string> StoreFolder::delete_unnamed(int record, std::set<std::string> digests) const {
  const std::set<std::string> recorded = recorded_deletions();
  digests.insert(recorded.begin(), recorded.end());
  std::vector<std::string> deleted;
  std::set<std::string> named;
  // A manifest that cannot be read may name any of them.
  if (digests.empty() || !named_digests(*this, named)) return deleted;
  std::set<std::string> held;
  for (const std::string& digest : digests) {
    if (named.contains(digest)) continue;
    const fs::path path = blob_path(digest);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) continue;
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      held.insert(digest);  // needed by one that comes
    } else if (::unlink(path.c_str()) == 0) {
      deleted.push_back(digest);
    }
  }
  if (held != recorded) record_deletions(record, held);
  return deleted;
}

Result<void> StoreFolder::write_manifest(const ModelName& name, std::string_view text) const {
  QUIRE_TRY_VOID(need_writable(*this));
  QUIRE_TRY(const Descriptor locked, lock());
  QUIRE_TRY_VOID(put_manifest(name, text));
  delete_unnamed(locked.get(), {});
  return {};
}

Result<std::vector<std::string>> StoreFolder::replace_manifest(const ModelName& name, std::string_view text) const {
  QUIRE_TRY_VOID(need_writable(*this));
  QUIRE_TRY(const Descriptor locked, lock());
  const std::set<std::string> before = begin_deletions(locked.get(), read_manifest(name));
  QUIRE_TRY_VOID(put_manifest(name, text));
  return delete_unnamed(locked.get(), before);
}

Result<std::vector<std::string>> StoreFolder::remove_manifest(const ModelName& name) const {
  QUIRE_TRY_VOID(need_writable(*this));
  QUIRE_TRY(const Descriptor locked, lock());
  const Result<StoredManifest> stored = read_manifest(name);
  if (!stored && stored.error().kind == ErrorKind::not_found) return std::unexpected(stored.error());
  const std::set<std::string> before = begin_deletions(locked.get(), stored);
  QUIRE_TRY_VOID(drop_manifest(name, {}));
  return delete_unnamed(locked.get(), before);
}

std::set<std::string> StoreFolder::begin_deletions(int record, const Result<StoredManifest>& manifest) const {
  if (!manifest) return {};  // one that is broken names nothing that can be told
  const std::set<std::string> digests(manifest->digests.begin(), manifest->digests.end());
  std::set<std::string> all = recorded_deletions();
  all.insert(digests.begin(), digests.end());
  record_deletions(record, all);
  return digests;
}

Result<void> StoreFolder::end_deletions() const {
  if (recorded_deletions().empty()) return {};
  QUIRE_TRY(const Descriptor locked, lock());
  delete_unnamed(locked.get(), {});
  return {};
}

Result<std::vector<std::string>> StoreFolder::unreferenced() const {
  std::set<std::string> named;
  QUIRE_TRY_VOID(named_digests(*this, named));
  std::vector<std::string> digests;
  QUIRE_TRY_VOID(each_entry(root_ / "blobs", [&](const char* name, EntryKind) {
    const Result<std::string> digest = parse_digest(name);
    if (digest && !named.contains(*digest)) digests.push_back(*digest);
  }));
  std::ranges::sort(digests);
  return digests;
}

}  // namespace quire::store
