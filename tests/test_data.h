// Where the real files for tests are: QUIRE_TEST_DATA, else ../shared/data beside the repository.
// A test that needs one skips with one clear line when it is not there.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace quire::test {

inline std::filesystem::path data_dir() {
  if (const char* dir = std::getenv("QUIRE_TEST_DATA")) return dir;
  return std::filesystem::path(QUIRE_SOURCE_DIR) / ".." / "shared" / "data";
}

}  // namespace quire::test

// Skips the running test unless the data file `relative` exists; declares `variable` as its path.
#define QUIRE_TEST_DATA_OR_SKIP(variable, relative)                                    \
  const std::filesystem::path variable = ::quire::test::data_dir() / (relative);       \
  if (!std::filesystem::exists(variable)) GTEST_SKIP() << "no test data: " << variable
