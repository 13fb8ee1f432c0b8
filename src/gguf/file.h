// Reading a GGUF file (versions 2 and 3): bytes -> metadata and a directory of tensors.
// Source: the GGUF specification (ggml-org/ggml, docs/gguf.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.h"
#include "base/result.h"
#include "gguf/metadata.h"
#include "tensor/tensor_view.h"

namespace quire::gguf {

struct Directory;

// Metadata and tensor directory of one model: of a file, or of the parts that it was split into. Immutable; any thread
// may read. Holds a descriptor of each part, and reads no tensor by itself: views read where and when they are asked.
// Invariant: every tensor's bytes lie inside their part, are aligned as it promises, do not overlap another tensor's,
// and their size is that of their type and shape.
class File {
 public:
  // Reads and checks what stands before the tensors. Errors name the file, in it the key or tensor, and say what was
  // found and expected. The first part of a split model (NAME-00001-of-00003.gguf) opens the others beside it.
  static Result<File> open(const std::filesystem::path& path);
  // A split model whose parts have other names. REQUIRES: at least one.
  static Result<File> open(std::span<const std::filesystem::path> parts);
  // One file alone, a part of a split model included: what it says of itself, and its own tensors.
  static Result<File> open_alone(const std::filesystem::path& path);
  // One whole file in bytes that the caller keeps alive (tests, fuzzing).
  static Result<File> parse(std::span<const std::byte> bytes);

  uint32_t version() const { return version_; }
  // Mended where a published file is known to be wrong.
  const Metadata& metadata() const { return metadata_; }
  // What was mended, a sentence each.
  std::span<const std::string> fixes() const { return fixes_; }
  std::span<const TensorView> tensors() const { return tensors_; }
  // Null when there is none of that name.
  const TensorView* find_tensor(std::string_view name) const;
  // Of all parts.
  uint64_t size_bytes() const;
  // An error that names a part which has changed since it was opened.
  Result<void> check_unchanged() const;

 private:
  File() = default;
  Result<void> add_part(std::unique_ptr<const ByteSource> source, Directory directory);
  // Adds parts 1 to count - 1 to a file that has part 0, and checks that they belong together.
  Result<void> add_other_parts(std::span<const std::filesystem::path> parts);

  uint32_t version_ = 0;
  Metadata metadata_;
  std::vector<std::string> fixes_;
  std::vector<TensorView> tensors_;
  std::map<std::string, size_t, std::less<>> tensor_by_name_;
  std::vector<std::unique_ptr<const ByteSource>> sources_;  // of the parts
};

}  // namespace quire::gguf
