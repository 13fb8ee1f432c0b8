// A folder of its own for each test, gone with it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace quire::store {

class TemporaryFolder : public testing::Test {
 protected:
  // In memory where that can be: a disk that others use, too, takes seconds for some thousand files and fsyncs.
  TemporaryFolder() {
    const std::filesystem::path parent = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : testing::TempDir();
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = parent /
              ("quire-" + std::string(test->test_suite_name()) + "-" + test->name() + "-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  ~TemporaryFolder() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::filesystem::path& relative, const std::string& text) {
    std::filesystem::create_directories((folder_ / relative).parent_path());
    std::ofstream(folder_ / relative, std::ios::binary) << text;
    return folder_ / relative;
  }

  std::filesystem::path folder_;
};

}  // namespace quire::store
