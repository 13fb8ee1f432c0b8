#include "server/models_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace quire::server {
namespace {

// What is made by one of these tests, and goes with it.
class ModelsFolder : public testing::Test {
 protected:
  ~ModelsFolder() override { std::filesystem::remove_all(root_); }
  const std::filesystem::path root_ =
      std::filesystem::temp_directory_path() / ("quire-folder-" + std::to_string(::getpid()));
};

TEST_F(ModelsFolder, is_made_where_it_is_missing) {
  EXPECT_TRUE(prepare_models_folder(root_ / "a/b", "QUIRE_MODELS"));
  EXPECT_TRUE(std::filesystem::is_directory(root_ / "a/b"));
  EXPECT_TRUE(prepare_models_folder(root_ / "a/b", "QUIRE_MODELS"));
  std::filesystem::create_directory_symlink(root_ / "a", root_ / "link");
  EXPECT_TRUE(prepare_models_folder(root_ / "link", "QUIRE_MODELS"));
}

TEST_F(ModelsFolder, that_cannot_be_used_is_an_error_that_says_why) {
  std::filesystem::create_directories(root_);
  std::ofstream(root_ / "file") << "x";
  const auto why = [&](const std::filesystem::path& folder) {
    const auto result = prepare_models_folder(folder, "OLLAMA_MODELS");
    return result ? std::string() : result.error().message;
  };
  EXPECT_EQ(why(root_ / "file"), "OLLAMA_MODELS: " + (root_ / "file").string() + " is a file, expected a folder");
  EXPECT_EQ(why(root_ / "file/below"),
            "OLLAMA_MODELS: the folder " + (root_ / "file/below").string() + " cannot be made: Not a directory");
  std::filesystem::create_symlink(root_ / "nowhere", root_ / "dangling");
  EXPECT_NE(why(root_ / "dangling"), "");
  EXPECT_NE(why("/proc/quire"), "") << "a file system in which nothing can be made";
  if (::geteuid() == 0) return;  // nothing is forbidden to root
  std::filesystem::create_directory(root_ / "shut");
  std::filesystem::permissions(root_ / "shut", std::filesystem::perms::owner_write);
  EXPECT_NE(why(root_ / "shut").find("cannot be read"), std::string::npos);
  std::filesystem::permissions(root_ / "shut", std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  EXPECT_NE(why(root_ / "shut").find("cannot be written"), std::string::npos);
}

}  // namespace
}  // namespace quire::server
