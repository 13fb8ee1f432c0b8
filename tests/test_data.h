// Where the real files for tests are: QUIRE_TEST_DATA, ../shared/data beside the repository, or tests/data; the first
// that has the file. A test that needs one skips with one clear line when it is nowhere.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace quire::test {

// What is kept in the repository itself, and so always there.
inline std::filesystem::path own_data_dir() { return std::filesystem::path(QUIRE_SOURCE_DIR) / "tests/data"; }

// A path that may not exist if the file is in none of the three places.
inline std::filesystem::path data_path(const std::filesystem::path& relative) {
  std::vector<std::filesystem::path> folders;
  if (const char* folder = std::getenv("QUIRE_TEST_DATA")) folders.emplace_back(folder);
  folders.push_back(std::filesystem::path(QUIRE_SOURCE_DIR) / ".." / "shared" / "data");
  folders.push_back(own_data_dir());
  for (const std::filesystem::path& folder : folders) {
    if (std::filesystem::exists(folder / relative)) return folder / relative;
  }
  return folders.front() / relative;
}

}  // namespace quire::test

// Skips the running test unless the data file `relative` exists; declares `variable` as its path.
#define QUIRE_TEST_DATA_OR_SKIP(variable, relative)                          \
  const std::filesystem::path variable = ::quire::test::data_path(relative); \
  if (!std::filesystem::exists(variable)) GTEST_SKIP() << "no test data: " << variable.string()
