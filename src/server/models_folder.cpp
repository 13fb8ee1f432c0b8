#include "server/models_folder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace quire::server {

Result<void> prepare_models_folder(const std::filesystem::path& folder, std::string_view name) {
  const auto refused = [&](std::string_view what, const std::error_code& error) {
    return fail(ErrorKind::io, fmt::format("{}: the folder {} {}: {}", name, folder.native(), what, error.message()));
  };
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(folder, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    std::filesystem::create_directories(folder, error);
    if (error) return refused("cannot be made", error);
  } else if (!std::filesystem::status_known(status)) {
    return refused("cannot be looked at", error);
  } else if (!std::filesystem::is_directory(status)) {
    return fail(ErrorKind::invalid, fmt::format("{}: {} is a file, expected a folder", name, folder.native()));
  }
  const auto may = [&](int mode) { return ::access(folder.c_str(), mode) == 0; };
  if (!may(R_OK | X_OK)) return refused("cannot be read", std::error_code(errno, std::generic_category()));
  if (!may(W_OK)) return refused("cannot be written", std::error_code(errno, std::generic_category()));
  return {};
}

}  // namespace quire::server
