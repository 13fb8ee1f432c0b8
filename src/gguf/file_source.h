// The bytes of a file on a disk.
#pragma once

#include <filesystem>
#include <memory>

#include "base/byte_source.h"
#include "base/file_time.h"

namespace quire::gguf {

// Owns a descriptor for its life and reads from it: a file that is shortened meanwhile is an error, where a mapping of
// it would end the process. A file that was renamed or deleted can still be read.
class FileSource final : public ByteSource {
 public:
  // An error when there is no such file, or it is empty or no regular file.
  static Result<std::unique_ptr<const FileSource>> open(const std::filesystem::path& path);
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  ~FileSource() override;

  uint64_t size_bytes() const override { return size_bytes_; }
  Result<void> read(uint64_t offset, std::span<std::byte> to) const override;
  void read_soon(uint64_t offset, uint64_t count) const override;
  // Goes by the file's size and the time of its last change.
  Result<void> check_unchanged() const override;

 private:
  FileSource(std::filesystem::path path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  // const after open
  const std::filesystem::path path_;
  const int descriptor_;
  uint64_t size_bytes_ = 0;
  FileTime modified_;
};

}  // namespace quire::gguf
