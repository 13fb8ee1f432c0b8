// Reading and writing of whole files, with errors that say what failed. A full disk is always the same one sentence.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/function_ref.h"
#include "base/result.h"

namespace quire::store {

// An open file that is closed with it.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();
  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

// "cannot WHAT PATH: why"; not_found for ENOENT, else io. ENOSPC and EDQUOT: "the disk of PATH is full".
std::unexpected<Error> disk_failure(std::string_view what, const std::filesystem::path& path, int error);

// ErrorKind::io, in the same sentence, when the file system of `folder` has not that many bytes free.
Result<void> check_disk_room(const std::filesystem::path& folder, uint64_t bytes);

// The whole file; ErrorKind::too_large when it has more than `bytes_max`.
Result<std::string> read_file(const std::filesystem::path& path, uint64_t bytes_max);

Result<void> write_all(int descriptor, std::span<const std::byte> bytes, const std::filesystem::path& path);

// The names in a folder survive a power failure.
Result<void> sync_folder(const std::filesystem::path& folder);

// A file under a name that nobody has, `folder`/.quire-PID-N, opened for writing, with a shared lock. It is deleted
// with this unless rename_to() gave it its own name.
class NamedTemporary {
 public:
  NamedTemporary(Descriptor file, std::filesystem::path path) : file_(std::move(file)), path_(std::move(path)) {}
  NamedTemporary(NamedTemporary&& other) noexcept
      : file_(std::move(other.file_)), path_(std::exchange(other.path_, {})) {}
  NamedTemporary& operator=(NamedTemporary&&) = delete;
  ~NamedTemporary();

  int descriptor() const { return file_.get(); }
  const std::filesystem::path& path() const { return path_; }
  // 0, or errno.
  int rename_to(const std::filesystem::path& name);
  // Its name is another's business from now on.
  void forget() { path_.clear(); }
  // The open file; one without its own name is deleted.
  Descriptor release() && { return std::move(file_); }

 private:
  Descriptor file_;
  std::filesystem::path path_;  // empty once it has its own name
};
Result<NamedTemporary> make_temporary(const std::filesystem::path& folder);
// Deletes what make_temporary made in `folder` for programs that do not run any more.
void delete_stale_temporaries(const std::filesystem::path& folder);

enum class EntryKind : unsigned char { folder, other, unknown };  // unknown: a link, or the file system does not say

// Calls visit(name, kind) for each entry of a folder but "." and "..", in no order. An error when it cannot be read.
Result<void> each_entry(const std::filesystem::path& folder, FunctionRef<void(const char* name, EntryKind kind)> visit);

}  // namespace quire::store
