#include "cli/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "gguf/printable.h"

namespace quire::cli {
namespace {

constexpr mode_t file_mode = 0666;  // less the umask

std::unexpected<Error> system_failure(const std::filesystem::path& path, int error) {
  return fail(error == ENOENT ? ErrorKind::not_found : ErrorKind::io,
              fmt::format("cannot write {}: {}", gguf::printable_path(path), std::generic_category().message(error)));
}

// 0, or the error of the first call that failed. Closes the descriptor.
int write_and_close(int descriptor, std::span<const std::byte> bytes) {
  int error = 0;
  while (!bytes.empty() && error == 0) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes = bytes.subspan(static_cast<size_t>(count));
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  if (::close(descriptor) != 0 && error == 0) error = errno;
  return error;
}

}  // namespace

Result<void> write_output_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  const bool in_place = std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
  std::filesystem::path written = path;
  if (!in_place) written += fmt::format(".{}.partial", ::getpid());
  const int flags = O_WRONLY | O_CLOEXEC | (in_place ? 0 : O_CREAT | O_EXCL);
  const int descriptor = ::open(written.c_str(), flags, file_mode);
  if (descriptor < 0) return system_failure(path, errno);
  int error = write_and_close(descriptor, bytes);
  if (!in_place) {
    if (error == 0 && ::rename(written.c_str(), path.c_str()) != 0) error = errno;
    if (error != 0) ::unlink(written.c_str());
  }
  if (error != 0) return system_failure(path, error);
  return {};
}

}  // namespace quire::cli
