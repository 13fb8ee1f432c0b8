#include "gguf/writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "gguf/format.h"
#include "gguf/printable.h"

namespace quire::gguf {
namespace {

constexpr mode_t file_mode = 0644;

uint64_t padded(uint64_t size) { return round_up(size, alignment_default); }

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// A name beside `path` that only this process uses.
std::filesystem::path partial_path(const std::filesystem::path& path) {
  std::filesystem::path partial = path;
  partial += fmt::format(".{}.partial", ::getpid());
  return partial;
}

}  // namespace

std::unexpected<Error> Writer::system_failure(std::string_view what, int error) const {
  if (error == ENOSPC || error == EDQUOT) {
    return fail(ErrorKind::io,
                fmt::format("the disk of {} is full: {} bytes are needed", printable_path(path_), size_bytes_));
  }
  const std::string why = std::generic_category().message(error);
  return fail(error == ENOENT ? ErrorKind::not_found : ErrorKind::io,
              fmt::format("cannot {} {} ({} bytes): {}", what, printable_path(path_), size_bytes_, why));
}

Result<Writer> Writer::create(const std::filesystem::path& path, const Metadata& metadata,
                              std::vector<TensorSpec> tensors) {
  QUIRE_TRY(const std::vector<std::byte> header, header_bytes(metadata, tensors));
  Writer writer;
  writer.path_ = path;
  writer.tensors_ = std::move(tensors);
  writer.size_bytes_ = header.size();
  for (const TensorSpec& tensor : writer.tensors_)
    writer.size_bytes_ += padded(static_cast<uint64_t>(tensor.size_bytes()));
  QUIRE_TRY_VOID(writer.open_output());
  QUIRE_TRY_VOID(writer.write_all(header));
  return writer;
}

Result<void> Writer::open_output() {
  std::error_code ignored;
  const auto status = std::filesystem::status(path_, ignored);
  if (std::filesystem::is_directory(status)) return system_failure("write", EISDIR);
  // finish() would put a file where a device was.
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return fail(ErrorKind::invalid, fmt::format("cannot write {}: it is no regular file", printable_path(path_)));
  }
  // finish() names a file without a name by way of /proc.
  const bool nameless = ::access("/proc/self/fd", X_OK) == 0;
  if (nameless) descriptor_ = ::open(directory_of(path_).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, file_mode);
  if (!nameless || (descriptor_ < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))) {
    partial_ = partial_path(path_);
    descriptor_ = ::open(partial_.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, file_mode);
    if (descriptor_ < 0) partial_.clear();
  }
  if (descriptor_ < 0) return system_failure("create", errno);
  // Room for all of it at once. A file system that cannot do this says so, and the writes will tell.
  int failed = 0;
  do {
    failed = ::fallocate(descriptor_, 0, 0, static_cast<off_t>(size_bytes_)) == 0 ? 0 : errno;
  } while (failed == EINTR);
  if (failed != 0 && failed != EOPNOTSUPP && failed != ENOSYS) return system_failure("make room for", failed);
  return {};
}

Result<void> Writer::write_all(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("write", errno);
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
  return {};
}

Result<void> Writer::append(std::span<const std::byte> piece) {
  if (piece.empty()) return {};
  QUIRE_CHECK(tensor_ < tensors_.size(), "every tensor has its bytes already");
  const auto size = static_cast<uint64_t>(tensors_[tensor_].size_bytes());
  QUIRE_CHECK(piece.size() <= size - tensor_offset_, "a piece belongs to one tensor");
  QUIRE_TRY_VOID(write_all(piece));
  tensor_offset_ += piece.size();
  if (tensor_offset_ < size) return {};
  ++tensor_;
  tensor_offset_ = 0;
  constexpr std::array<std::byte, alignment_default> zeros = {};
  return write_all(std::span(zeros).first(padded(size) - size));
}

Result<void> Writer::finish() {
  QUIRE_CHECK(tensor_ == tensors_.size(), "a tensor has not got all its bytes");
  // On disk before it has a name: after a crash the path holds the old file or the whole new one.
  if (::fsync(descriptor_) != 0) return system_failure("write", errno);
  if (partial_.empty()) {
    const std::filesystem::path named = partial_path(path_);
    const std::string open_file = fmt::format("/proc/self/fd/{}", descriptor_);
    ::unlink(named.c_str());
    if (::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, named.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      return system_failure("name", errno);
    }
    partial_ = named;
  }
  if (::rename(partial_.c_str(), path_.c_str()) != 0) return system_failure("name", errno);
  partial_.clear();
  const int closed = ::close(std::exchange(descriptor_, -1));
  if (closed != 0) return system_failure("write", errno);
  return {};
}

Writer::Writer(Writer&& other) noexcept
    : path_(std::move(other.path_)),
      partial_(std::exchange(other.partial_, {})),
      tensors_(std::move(other.tensors_)),
      size_bytes_(other.size_bytes_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      tensor_(other.tensor_),
      tensor_offset_(other.tensor_offset_) {}

Writer& Writer::operator=(Writer&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(partial_, other.partial_);
  std::swap(tensors_, other.tensors_);
  std::swap(size_bytes_, other.size_bytes_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(tensor_, other.tensor_);
  std::swap(tensor_offset_, other.tensor_offset_);
  return *this;
}

Writer::~Writer() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!partial_.empty()) ::unlink(partial_.c_str());
}

}  // namespace quire::gguf
