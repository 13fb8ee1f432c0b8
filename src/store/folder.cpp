#include "store/folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace quire::store {
namespace {

namespace fs = std::filesystem;

// In the order in which they are looked at.
constexpr std::array<const char*, 2> manifest_roots = {"manifests-v2", "manifests"};
constexpr size_t manifest_depth = 4;

std::string file_name_of(std::string_view digest) {
  std::string name(digest);
  name[name.find(':')] = '-';
  return name;
}

std::optional<ManifestEntry> describe(ModelName name, fs::path path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return ManifestEntry{.name = std::move(name),
                       .path = std::move(path),
                       .size_bytes = static_cast<uint64_t>(status.st_size),
                       .modified = file_time(status.st_mtim),
                       .inode = status.st_ino};
}

// Finds the manifests below one root.
class ManifestWalk {
 public:
  ManifestWalk(const fs::path& root, std::vector<ManifestEntry>& found, std::vector<std::string>& problems)
      : root_(root.native()), found_(found), problems_(problems) {}

  void walk() {
    std::error_code ignored;
    if (!fs::exists(root_, ignored)) return;
    std::vector<Parts> folders(1);
    for (size_t depth = 0; depth + 1 < manifest_depth; ++depth) {
      std::vector<Parts> next;
      for (Parts& parts : folders) {
        read(path_of(parts, depth), depth, [&](const char* name, EntryKind kind) {
          // Temporary files, and what desktops leave; files above the depth of manifests are nobody's.
          if (name[0] == '.' || kind == EntryKind::other) return;
          parts[depth] = name;
          next.push_back(parts);
        });
      }
      folders = std::move(next);
    }
    for (Parts& parts : folders) {
      const std::string folder = path_of(parts, manifest_depth - 1);
      read(folder, manifest_depth - 1, [&](const char* name, EntryKind kind) {
        if (kind == EntryKind::folder) return;
        parts[manifest_depth - 1] = name;
        add(parts, folder + "/" + name);
      });
    }
  }

 private:
  using Parts = std::array<std::string, manifest_depth>;

  std::string path_of(const Parts& parts, size_t depth) const {
    std::string path = root_;
    for (size_t i = 0; i < depth; ++i) path.append("/").append(parts[i]);
    return path;
  }

  void read(const std::string& folder, size_t depth, FunctionRef<void(const char*, EntryKind)> visit) {
    const Result<void> read = each_entry(folder, visit);
    if (read || read.error().kind == ErrorKind::not_found) return;  // emptied meanwhile
    std::error_code ignored;
    if (depth > 0 && !fs::is_directory(folder, ignored)) return;  // a link to a file
    problems_.push_back(read.error().message);
  }

  void add(const Parts& parts, const std::string& path) {
    std::optional<ModelName> name = ModelName::of_parts(parts[0], parts[1], parts[2], parts[3]);
    if (!name) {
      problems_.push_back(fmt::format("{} is not named as a model", path));
    } else if (std::optional<ManifestEntry> entry = describe(std::move(*name), path)) {
      found_.push_back(std::move(*entry));
    } else {
      problems_.push_back(fmt::format("{} is no file or a link to nothing", path));
    }
  }

  const std::string root_;
  std::vector<ManifestEntry>& found_;
  std::vector<std::string>& problems_;
};

// The folder entries that are meant by a part of a name: letters in either case, a host by its other names.
std::vector<fs::path> entries_called(const std::vector<fs::path>& folders,
                                     FunctionRef<bool(std::string_view)> matches) {
  std::vector<fs::path> found;
  for (const fs::path& folder : folders) {
    (void)each_entry(folder, [&](const char* name, EntryKind) {  // one that cannot be read has nothing of this name
      if (matches(name)) found.push_back(folder / name);
    });
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

Result<StoreFolder> StoreFolder::open(fs::path root, Access access) {
  StoreFolder folder(std::move(root), access);
  if (access == Access::writable) {
    QUIRE_TRY_VOID(folder.prepare());
  } else {
    QUIRE_TRY_VOID(each_entry(folder.root_, [](const char*, EntryKind) {}));
  }
  return folder;
}

Result<void> StoreFolder::prepare() const {
  for (const fs::path& path : {root_, root_ / "manifests", root_ / "blobs"}) {
    std::error_code error;
    fs::create_directories(path, error);
    // create_directories fails with ENOTDIR or says nothing where a file is in the way.
    if (!error && !fs::is_directory(path, error) && !error) error = std::make_error_code(std::errc::not_a_directory);
    if (error) return disk_failure("make the folder", path, error.value());
    if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
      return disk_failure("read and write in the folder", path, errno);
    }
  }
  delete_stale_temporaries(root_ / "manifests");
  delete_stale_temporaries(root_ / "blobs");
  return end_deletions();
}

fs::path StoreFolder::blob_path(std::string_view digest) const {
  const fs::path path = root_ / "blobs" / file_name_of(digest);
  const fs::path old = root_ / "blobs" / digest;
  if (::access(path.c_str(), F_OK) != 0 && ::access(old.c_str(), F_OK) == 0) return old;
  return path;
}

fs::path StoreFolder::partial_path(std::string_view digest) const {
  return root_ / "blobs" / (file_name_of(digest) + "-partial");
}

std::optional<BlobHold> StoreFolder::hold_blob(std::string_view digest, uint64_t size_bytes) const {
  for (;;) {
    const fs::path path = blob_path(digest);
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return std::nullopt;
    // Waits while somebody decides whether to delete it. A file system without locks has none to wait for.
    while (::flock(file.get(), LOCK_SH) != 0 && errno == EINTR) {
    }
    struct stat held {};
    struct stat named {};
    if (::fstat(file.get(), &held) != 0 || !S_ISREG(held.st_mode)) return std::nullopt;
    if (::stat(path.c_str(), &named) != 0) return std::nullopt;
    if (held.st_ino != named.st_ino) continue;  // deleted meanwhile, and there again
    const auto size = static_cast<uint64_t>(held.st_size);
    if (size_bytes != 0 && size != size_bytes) return std::nullopt;
    return BlobHold{.digest = std::string(digest), .path = path, .size_bytes = size, .file = std::move(file)};
  }
}

ManifestListing StoreFolder::list_manifests() const {
  std::vector<ManifestEntry> found;
  ManifestListing listing;
  for (const char* name : manifest_roots) ManifestWalk(root_ / name, found, listing.problems).walk();
  std::vector<std::pair<std::string, ManifestEntry*>> order;
  order.reserve(found.size());
  for (ManifestEntry& entry : found) order.emplace_back(entry.name.key(), &entry);
  // Of two files of one name the one that was found first.
  std::ranges::stable_sort(order, {}, [](const auto& of) { return std::string_view(of.first); });
  const auto repeated = std::ranges::unique(order, {}, [](const auto& of) { return std::string_view(of.first); });
  order.erase(repeated.begin(), repeated.end());
  listing.entries.reserve(order.size());
  for (const auto& [key, entry] : order) listing.entries.push_back(std::move(*entry));
  return listing;
}

std::vector<fs::path> StoreFolder::paths_of(const fs::path& root, const ModelName& name) const {
  std::vector<fs::path> paths = entries_called({root}, [&](std::string_view entry) {
    const std::optional<ModelName> of_host = ModelName::of_parts(entry, name.namespace_, name.model, name.tag);
    return of_host && *of_host == name;
  });
  for (const std::string* part : {&name.namespace_, &name.model, &name.tag}) {
    paths = entries_called(paths, [&](std::string_view entry) { return lower_case(entry) == lower_case(*part); });
  }
  return paths;
}

std::optional<ManifestEntry> StoreFolder::entry_of(const ModelName& name) const {
  for (const char* manifest_root : manifest_roots) {
    for (fs::path& path : paths_of(root_ / manifest_root, name)) {
      const fs::path model = path.parent_path();
      const fs::path name_space = model.parent_path();
      std::optional<ModelName> spelled =
          ModelName::of_parts(name_space.parent_path().filename().string(), name_space.filename().string(),
                              model.filename().string(), path.filename().string());
      if (!spelled) continue;
      if (auto entry = describe(std::move(*spelled), std::move(path))) return entry;
    }
  }
  return std::nullopt;
}

Result<StoredManifest> StoreFolder::read_manifest(const ModelName& name) const {
  const std::optional<ManifestEntry> entry = entry_of(name);
  if (!entry) return fail(ErrorKind::not_found, fmt::format("model '{}' not found", name.display()));
  return read_manifest(*entry);
}

Result<StoredManifest> StoreFolder::read_manifest(const ManifestEntry& entry) const {
  StoredManifest stored{.name = entry.name, .path = entry.path, .modified = entry.modified};
  QUIRE_TRY(stored.text, read_file(entry.path, manifest_bytes_max));
  stored.digest = digest_of(stored.text);
  const auto invalid = [&](const std::string& why) {
    return fail(ErrorKind::invalid, fmt::format("{}: {}", entry.path.string(), why));
  };
  Result<Manifest> whole = Manifest::parse(stored.text);
  if (!whole) return invalid(whole.error().message);
  stored.digests = whole->digests();
  stored.digests.push_back(stored.digest);
  const Manifest* runnable = whole->runnable();
  for (Manifest& child : whole->children) {
    if (child.digest.empty() || !child.layers.empty()) continue;
    QUIRE_TRY(const std::string text, read_file(blob_path(child.digest), manifest_bytes_max));
    Result<Manifest> resolved = Manifest::parse(text);
    if (!resolved) return invalid(fmt::format("{}: {}", child.digest, resolved.error().message));
    for (std::string& digest : resolved->digests()) stored.digests.push_back(std::move(digest));
    if (resolved->runner.empty()) resolved->runner = child.runner;
    child = std::move(*resolved);
  }
  std::ranges::sort(stored.digests);
  stored.digests.erase(std::ranges::unique(stored.digests).begin(), stored.digests.end());
  if (runnable == nullptr) return invalid("its manifests are all for other programs");
  if (runnable->media_type == media_type::manifest_list) return invalid("a list of manifests is inside of another");
  stored.manifest = runnable == &*whole ? std::move(*whole) : Manifest(*runnable);
  return stored;
}

}  // namespace quire::store
