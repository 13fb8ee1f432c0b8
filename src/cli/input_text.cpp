#include "cli/input_text.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/shown.h"
#include "store/disk.h"

namespace quire::cli {
namespace {

constexpr size_t bytes_max = size_t{64} << 20;  // of a request's body, too: connection_limits.h

Result<std::string> read_all(int descriptor, const std::filesystem::path& name) {
  std::string text;
  std::array<char, 1 << 16> piece;
  for (;;) {
    const ssize_t count = ::read(descriptor, piece.data(), piece.size());
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return store::disk_failure("read", name, errno);
    text.append(piece.data(), static_cast<size_t>(count));
    if (text.size() > bytes_max) {
      return fail(ErrorKind::too_large, fmt::format("{} has more than {} bytes", shown(name.native()), bytes_max));
    }
  }
}

}  // namespace

Result<std::string> read_input(const std::filesystem::path& path) {
  const store::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return store::disk_failure("read", path, errno);
  return read_all(file.get(), path);
}

Result<std::string> read_standard_input() { return read_all(STDIN_FILENO, "standard input"); }

}  // namespace quire::cli
