// Reading a GGUF file (versions 2 and 3): bytes -> metadata and a directory of tensors.
// Source: the GGUF specification (ggml-org/ggml, docs/gguf.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/metadata.h"
#include "tensor/tensor_view.h"

namespace quire::gguf {

// A file mapped read-only. Movable; unmaps when destroyed. Views into it are valid as long as it lives.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }
  // Tells the kernel that these pages are not needed any more (they come back from the file if touched).
  void release(std::span<const std::byte> part) const;

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

// Metadata and tensor directory of one model file. Immutable; any thread may read.
// Invariant: every tensor's bytes lie inside the file, are aligned as the file promises, do not overlap another
// tensor's, and their size is that of their type and shape.
class File {
 public:
  // Maps and checks the file. Errors name the key or tensor and say what was found and expected.
  static Result<File> open(const std::filesystem::path& path);
  // The same over bytes that the caller keeps alive (tests, fuzzing).
  static Result<File> parse(std::span<const std::byte> bytes);

  uint32_t version() const { return version_; }
  const Metadata& metadata() const { return metadata_; }
  std::span<const TensorView> tensors() const { return tensors_; }
  // Null when there is none of that name.
  const TensorView* find_tensor(std::string_view name) const;
  // Gives the pages of a part of a tensor back to the system, once a packed copy of it has been made.
  void release(std::span<const std::byte> part) const;
  uint64_t size_bytes() const { return size_bytes_; }

 private:
  File() = default;
  uint32_t version_ = 0;
  uint64_t size_bytes_ = 0;
  Metadata metadata_;
  std::vector<TensorView> tensors_;
  std::map<std::string, size_t, std::less<>> tensor_by_name_;
  std::vector<MappedFile> mapping_;  // empty after parse(), else the one mapping
};

}  // namespace quire::gguf
