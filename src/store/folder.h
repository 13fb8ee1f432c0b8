// A folder of models in Ollama's layout: manifests/HOST/NAMESPACE/MODEL/TAG and blobs/sha256-HEX.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_time.h"
#include "base/result.h"
#include "store/disk.h"
#include "store/manifest.h"
#include "store/model_name.h"
#include "store/sha256.h"

namespace quire::store {

// A blob that is in the folder and stays there while this lives: nobody who follows the rule of StoreFolder deletes it.
// Whoever writes a manifest holds every blob that it names until the manifest is written.
struct BlobHold {
  std::string digest;
  std::filesystem::path path;
  uint64_t size_bytes = 0;
  Descriptor file;  // open for reading, with a shared lock
};

// A manifest's file, without what is in it.
struct ManifestEntry {
  ModelName name;
  std::filesystem::path path;
  uint64_t size_bytes = 0;
  FileTime modified;
  uint64_t inode = 0;  // another one after each replacement, even within one tick of the clock
  bool operator==(const ManifestEntry&) const = default;
};

struct ManifestListing {
  std::vector<ManifestEntry> entries;  // sorted by name, each name once
  std::vector<std::string> problems;   // what could not be read, one sentence each
};

struct StoredManifest {
  ModelName name;                    // as it is spelled on disk
  Manifest manifest;                 // of a list, the one that fits
  std::string text;                  // the file's bytes
  std::string digest;                // of those bytes
  std::vector<std::string> digests;  // all blobs that it names, and its own; sorted
  std::filesystem::path path;
  FileTime modified;
};

class StoreFolder;

// Writes one blob. Until finish() nothing is there under its name, and a stopped program leaves nothing behind (where
// the file system has no files without a name: one file blobs/.quire-*, which the next open() of the folder deletes).
// One thread.
class BlobWriter {
 public:
  Result<void> append(std::span<const std::byte> bytes);
  // The blob is there; its digest is that of the bytes. An error, and no blob, when another digest was `expected`
  // (empty: any will do). REQUIRES: last call.
  Result<BlobHold> finish(std::string_view expected = {});

 private:
  friend class StoreFolder;
  explicit BlobWriter(const StoreFolder& folder);
  int output() const { return named_ ? named_->descriptor() : nameless_.get(); }
  Result<void> name_as(const std::filesystem::path& path);

  const StoreFolder* folder_;
  std::filesystem::path blobs_;          // the folder that it writes in
  Descriptor nameless_;                  // the output, where the file system has files without a name,
  std::optional<NamedTemporary> named_;  // else this
  Sha256 hash_;
  uint64_t size_bytes_ = 0;
};

// One root. Immutable; any thread, and any number of processes, Ollama among them, at the same time.
//
// Files appear under their names by link or rename, whole and on disk. Two kinds of advisory lock (flock) keep two
// writers apart; whoever takes none (Ollama) loses only that protection:
//  - ROOT/.quire.lock, exclusive, while a manifest is written or deleted and blobs are deleted for it (milliseconds);
//  it
//    names the blobs that are being deleted, so that the next one goes on where a program was killed;
//  - a blob's own file: shared by whoever needs it for a manifest that is not written yet, exclusive and without
//    waiting by whoever wants to delete it, who then looks once more whether a manifest names it.
// ROOT/manifests-v2, which newer versions of Ollama write (links to blobs), is read first; a name that is written or
// deleted here leaves it.
class StoreFolder {
 public:
  enum class Access { read_only, writable };

  // Writable: makes what is missing, ends deletions that were cut short, and an error that says so when it is a file,
  // or cannot be read or written. Read-only: an error when it is not there or cannot be read; nothing is ever made,
  // written or deleted.
  static Result<StoreFolder> open(std::filesystem::path root, Access access);

  // A folder that need not be there: then it is empty. Makes and checks nothing now.
  static StoreFolder serving(std::filesystem::path root, Access access) { return {std::move(root), access}; }
  static StoreFolder reading(std::filesystem::path root) { return {std::move(root), Access::read_only}; }

  const std::filesystem::path& root() const { return root_; }
  bool writable() const { return access_ == Access::writable; }

  // blobs/sha256-HEX, or blobs/sha256:HEX of very old versions where only that is there. The file need not exist.
  // REQUIRES: a digest as parse_digest gives it.
  std::filesystem::path blob_path(std::string_view digest) const;
  // Where a download grows: blobs/sha256-HEX-partial, with blobs/sha256-HEX-partial-N beside it, as Ollama has them.
  std::filesystem::path partial_path(std::string_view digest) const;
  // None: there is no such blob, or it has another size than `size_bytes` (0: any).
  std::optional<BlobHold> hold_blob(std::string_view digest, uint64_t size_bytes = 0) const;

  ManifestListing list_manifests() const;
  // ErrorKind::not_found when there is none of this name (letters count alike in either case), ErrorKind::invalid with
  // the file's path when it cannot be understood.
  Result<StoredManifest> read_manifest(const ModelName& name) const;
  Result<StoredManifest> read_manifest(const ManifestEntry& entry) const;

  // ErrorKind::io with one sentence when the disk has not that much room.
  Result<void> check_room(uint64_t bytes) const { return check_disk_room(root_ / "blobs", bytes); }
  // Takes the room for `size_bytes` at once (0: unknown), so that a full disk shows now.
  Result<BlobWriter> begin_blob(uint64_t size_bytes) const;
  Result<BlobHold> put_blob(std::string_view bytes) const;
  // Moves a finished, verified file of this folder (a download's partial_path) to its blob's name.
  Result<BlobHold> adopt_blob(const std::filesystem::path& file, std::string_view digest) const;

  // Writes the manifest's bytes as they are; the name keeps the spelling that it has on disk already.
  Result<void> write_manifest(const ModelName& name, std::string_view text) const;
  // The same; then deletes the blobs that the replaced manifest named and no manifest names now. Its digests that went.
  Result<std::vector<std::string>> replace_manifest(const ModelName& name, std::string_view text) const;
  // ErrorKind::not_found when there is none. Deletes the manifest, folders that are empty then, and the blobs that it
  // named and no manifest names now; their digests.
  Result<std::vector<std::string>> remove_manifest(const ModelName& name) const;

  // The blobs that no manifest names, sorted. An error when a manifest cannot be read, since it might name them.
  Result<std::vector<std::string>> unreferenced() const;

 private:
  StoreFolder(std::filesystem::path root, Access access) : root_(std::move(root)), access_(access) {}
  Result<void> prepare() const;
  std::vector<std::filesystem::path> paths_of(const std::filesystem::path& root, const ModelName& name) const;
  std::optional<ManifestEntry> entry_of(const ModelName& name) const;
  Result<Descriptor> lock() const;
  Result<void> put_manifest(const ModelName& name, std::string_view text) const;
  Result<void> drop_manifest(const ModelName& name, const std::filesystem::path& except) const;
  std::filesystem::path lock_path() const { return root_ / ".quire.lock"; }
  // `record`: the lock's open file. See folder_write.cpp.
  std::set<std::string> begin_deletions(int record, const Result<StoredManifest>& manifest) const;
  void record_deletions(int record, const std::set<std::string>& digests) const;
  std::set<std::string> recorded_deletions() const;
  std::vector<std::string> delete_unnamed(int record, std::set<std::string> digests) const;
  Result<void> end_deletions() const;

  std::filesystem::path root_;
  Access access_;
};

}  // namespace quire::store
