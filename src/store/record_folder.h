// Texts under names, one file each, that together never take more than their bound: the oldest make room for new ones.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "store/disk.h"

namespace quire::store {

// Used by one thread at a time; one process has a folder, for as long as this lives.
//
// A file appears by rename, whole or not at all, and begins with the SHA-256 of what follows: what a power failure or a
// failing disk made of it is found when it is read, and deleted. Nothing waits for the disk to have written it.
// Invariant: size_bytes() <= bytes_max, counted as disks do, in blocks; a name is in by_age_ and files_ or in neither.
class RecordFolder {
 public:
  // Makes the folder, readable to its user alone. What is in it stays, but for stale temporaries and for the oldest
  // where the bound is smaller now. ErrorKind::busy: another process has it.
  static Result<RecordFolder> open(std::filesystem::path folder, uint64_t bytes_max);

  // ErrorKind::too_large where the text alone is over the bound; an io error (a full disk, say) leaves nothing of it.
  // What had to go for it is gone then, too. REQUIRES: is_record_name(name), which is new.
  Result<void> put(const std::string& name, std::string_view text);
  // ErrorKind::not_found also where it was damaged, with other words: it is gone then.
  Result<std::string> find(const std::string& name);
  // ErrorKind::not_found.
  Result<void> remove(const std::string& name);

  uint64_t size_bytes() const { return size_bytes_; }
  size_t count() const { return files_.size(); }

 private:
  struct File {
    uint64_t age = 0;  // key in by_age_
    uint64_t size_bytes = 0;
  };

  RecordFolder(std::filesystem::path folder, uint64_t bytes_max, Descriptor lock)
      : folder_(std::move(folder)), bytes_max_(bytes_max), lock_(std::move(lock)) {}
  Result<void> list();
  Result<void> make_room(uint64_t bytes);
  void forget(const std::string& name);
  void add(const std::string& name, uint64_t size_bytes);

  std::filesystem::path folder_;
  uint64_t bytes_max_;
  Descriptor lock_;  // of the folder itself
  std::map<uint64_t, std::string> by_age_;
  std::unordered_map<std::string, File> files_;
  uint64_t next_age_ = 0;
  uint64_t size_bytes_ = 0;
};

// 1 to 128 letters, digits, '_' and '-'.
bool is_record_name(std::string_view name);

}  // namespace quire::store
