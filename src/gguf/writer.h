// Writing a GGUF file (version 3): metadata and a directory at once, then the tensors' bytes as they come.
// Source: the GGUF specification (ggml-org/ggml, docs/gguf.md).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "gguf/metadata.h"
#include "tensor/element_type.h"

namespace quire::gguf {

// A tensor that will be written: what the directory says of it.
struct TensorSpec {
  std::string name;
  ElementType type = ElementType::f32;
  std::array<int64_t, 4> shape = {1, 1, 1, 1};  // shape[0] is the contiguous dimension

  // REQUIRES: a shape that Writer::create accepts.
  int64_t row_count() const { return shape[1] * shape[2] * shape[3]; }
  int64_t size_bytes() const { return row_count() * row_size_bytes(type, shape[0]); }
};

// Metadata as a file holds it, followed by the directory and padding up to the data section. Tensors follow each other
// in the given order, each at a multiple of 32 bytes. general.alignment, if set, is written as 32.
// An error names the key or tensor: repeated or empty names, names over 64 bytes, shapes that are not positive or rows
// that are not whole blocks.
Result<std::vector<std::byte>> header_bytes(const Metadata& metadata, std::span<const TensorSpec> tensors);

// Makes one file. Nothing appears under the path until finish(): the bytes go to a file without a name (where the file
// system has those, else to one beside it that ends in .partial), so that a stopped program leaves nothing half made.
// One thread. Protocol: create, append until every tensor has its bytes, finish.
class Writer {
 public:
  // Takes the room for the whole file at once where the file system can, so that a full disk shows now.
  static Result<Writer> create(const std::filesystem::path& path, const Metadata& metadata,
                               std::vector<TensorSpec> tensors);
  Writer(Writer&& other) noexcept;
  Writer& operator=(Writer&& other) noexcept;
  ~Writer();  // without finish(): as if it had never been

  // The next bytes of the data, tensor after tensor in the order of create(); a piece may be any part of one tensor.
  // REQUIRES: the piece does not go past the end of its tensor.
  Result<void> append(std::span<const std::byte> piece);
  // The file appears under its path, replacing what was there. REQUIRES: every tensor is complete.
  Result<void> finish();

  uint64_t size_bytes() const { return size_bytes_; }

 private:
  Writer() = default;
  Result<void> open_output();
  Result<void> write_all(std::span<const std::byte> bytes);
  std::unexpected<Error> system_failure(std::string_view what, int error) const;

  std::filesystem::path path_;
  std::filesystem::path partial_;  // empty while the output has no name
  std::vector<TensorSpec> tensors_;
  uint64_t size_bytes_ = 0;  // of the whole file
  int descriptor_ = -1;
  size_t tensor_ = 0;           // the one whose bytes come next
  uint64_t tensor_offset_ = 0;  // bytes of it that are written
};

}  // namespace quire::gguf
