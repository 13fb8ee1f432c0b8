#include "store/record_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "store/sha256.h"

namespace quire::store {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t block_bytes = 4096;  // of most file systems
constexpr size_t digest_digits = 64;
constexpr size_t header_bytes = digest_digits + 1;  // and a line break

uint64_t on_disk(uint64_t size_bytes) {
  return std::max<uint64_t>(1, (size_bytes + block_bytes - 1) / block_bytes) * block_bytes;
}

std::string hex_of(std::string_view text) {
  Sha256 hash;
  hash.update(std::as_bytes(std::span(text)));
  return hash.finish_hex();
}

Result<void> make_private_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder.parent_path(), error);  // says why below, where it matters
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return disk_failure("create", folder, errno);
  return {};
}

}  // namespace

bool is_record_name(std::string_view name) {
  constexpr size_t bytes_max = 128;
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= bytes_max && std::ranges::all_of(name, fits);
}

Result<RecordFolder> RecordFolder::open(fs::path folder, uint64_t bytes_max) {
  QUIRE_TRY_VOID(make_private_folder(folder));
  Descriptor lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock) return disk_failure("open", folder, errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorKind::busy, fmt::format("{} is another program's", folder.string()));
  }
  delete_stale_temporaries(folder);
  RecordFolder records(std::move(folder), bytes_max, std::move(lock));
  QUIRE_TRY_VOID(records.list());
  QUIRE_TRY_VOID(records.make_room(0));
  return records;
}

// By the time of writing, since that is what an age is; the order of those of one moment is the same at each start.
Result<void> RecordFolder::list() {
  std::vector<std::tuple<int64_t, int64_t, std::string, uint64_t>> found;
  QUIRE_TRY_VOID(each_entry(folder_, [&](const char* name, EntryKind kind) {
    struct stat status {};
    if (kind == EntryKind::folder || !is_record_name(name)) return;
    if (::stat((folder_ / name).c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    found.emplace_back(status.st_mtim.tv_sec, status.st_mtim.tv_nsec, name,
                       on_disk(static_cast<uint64_t>(status.st_size)));
  }));
  std::ranges::sort(found);
  for (const auto& [seconds, ns, name, size] : found) add(name, size);
  return {};
}

void RecordFolder::add(const std::string& name, uint64_t size_bytes) {
  files_[name] = {.age = next_age_, .size_bytes = size_bytes};
  by_age_[next_age_++] = name;
  size_bytes_ += size_bytes;
}

void RecordFolder::forget(const std::string& name) {
  const auto found = files_.find(name);
  if (found == files_.end()) return;
  size_bytes_ -= found->second.size_bytes;
  by_age_.erase(found->second.age);
  files_.erase(found);
}

Result<void> RecordFolder::make_room(uint64_t bytes) {
  while (!by_age_.empty() && size_bytes_ + bytes > bytes_max_) {
    const std::string oldest = by_age_.begin()->second;
    QUIRE_TRY_VOID(remove(oldest));
  }
  return {};
}

Result<void> RecordFolder::put(const std::string& name, std::string_view text) {
  const uint64_t size = on_disk(header_bytes + text.size());
  if (size > bytes_max_) {
    return fail(ErrorKind::too_large, fmt::format("{} bytes are more than the {} that all may take", size, bytes_max_));
  }
  QUIRE_TRY_VOID(make_room(size));
  QUIRE_TRY(NamedTemporary file, make_temporary(folder_));
  const std::string header = hex_of(text) + "\n";
  QUIRE_TRY_VOID(write_all(file.descriptor(), std::as_bytes(std::span(header)), file.path()));
  QUIRE_TRY_VOID(write_all(file.descriptor(), std::as_bytes(std::span(text)), file.path()));
  const fs::path path = folder_ / name;
  if (const int error = file.rename_to(path); error != 0) return disk_failure("write", path, error);
  forget(name);
  add(name, size);
  return {};
}

Result<std::string> RecordFolder::find(const std::string& name) {
  if (!files_.contains(name)) return fail(ErrorKind::not_found, fmt::format("there is no {}", name));
  const fs::path path = folder_ / name;
  Result<std::string> text = read_file(path, bytes_max_);
  if (!text && text.error().kind != ErrorKind::not_found) return text;
  if (text && text->size() >= header_bytes && (*text)[digest_digits] == '\n' &&
      std::string_view(*text).substr(0, digest_digits) == hex_of(std::string_view(*text).substr(header_bytes))) {
    text->erase(0, header_bytes);
    return text;
  }
  ::unlink(path.c_str());
  forget(name);
  return fail(ErrorKind::not_found, fmt::format("{} was damaged, or deleted by somebody else", path.string()));
}

Result<void> RecordFolder::remove(const std::string& name) {
  if (!files_.contains(name)) return fail(ErrorKind::not_found, fmt::format("there is no {}", name));
  const fs::path path = folder_ / name;
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return disk_failure("delete", path, errno);
  forget(name);
  return {};
}

}  // namespace quire::store
