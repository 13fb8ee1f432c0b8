// How much of a download is there: Ollama's files beside the growing one, sha256-HEX-partial-0, -1, ...
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/disk.h"

namespace quire::store::registry {

// Bytes [offset, offset + size_bytes) of a blob; the first completed_bytes of them are in the file.
struct Part {
  uint64_t offset = 0;
  uint64_t size_bytes = 0;
  uint64_t completed_bytes = 0;

  uint64_t next_offset() const { return offset + completed_bytes; }
  bool complete() const { return completed_bytes == size_bytes; }
  bool operator==(const Part&) const = default;
};

// Parts of one size, the last one smaller: a sixteenth of the blob, within the limits. REQUIRES: 0 < bytes_min <=
// bytes_max.
std::vector<Part> plan_parts(uint64_t blob_bytes, uint64_t bytes_min, uint64_t bytes_max);

// {"N":0,"Offset":0,"Size":9,"Completed":3} and spaces: always as long, so that one write replaces another whole.
std::string part_to_text(size_t index, const Part& part);
// The index and the part. ErrorKind::invalid for anything else, completed_bytes > size_bytes among it.
Result<std::pair<size_t, Part>> part_of_text(std::string_view text);

// The state files of one download, open. One thread of one process: whoever has this has locked the growing file.
// A killed process loses what it got since its last save() and no more; a state that makes no sense counts as none.
class PartFiles {
 public:
  // What is there, if it is about a blob of this size of which `file_bytes` bytes are on disk; else no parts.
  static Result<PartFiles> open(const std::filesystem::path& partial, uint64_t blob_bytes, uint64_t file_bytes);

  // These parts from now on, instead of any others.
  Result<void> replace(std::vector<Part> parts);
  // Writes down how far a part has come. REQUIRES: those bytes have been written.
  Result<void> save(size_t index) const;
  void remove_all();

  std::vector<Part> parts;

 private:
  explicit PartFiles(std::filesystem::path partial) : partial_(std::move(partial)) {}
  std::filesystem::path path_of(size_t index) const;

  std::filesystem::path partial_;
  std::vector<Descriptor> files_;  // one a part, once replace() or open() made or found it
};

// Deletes state files that a finished download left behind.
void remove_part_files(const std::filesystem::path& partial);

}  // namespace quire::store::registry
