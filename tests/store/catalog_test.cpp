#include "store/catalog.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace quire::store {
namespace {

namespace fs = std::filesystem;

// A folder of its own for each test, gone with it.
class CatalogFolder : public testing::Test {
 protected:
  CatalogFolder() {
    folder_ = fs::temp_directory_path() /
              ("quire-catalog-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
  }
  ~CatalogFolder() override { fs::remove_all(folder_); }

  fs::path write(const fs::path& relative, const std::string& text) {
    fs::create_directories((folder_ / relative).parent_path());
    std::ofstream(folder_ / relative) << text;
    return folder_ / relative;
  }

  std::vector<std::string> names(const Catalog& catalog) {
    std::vector<std::string> result;
    for (const ModelFile& model : catalog.list()) result.push_back(model.name);
    return result;
  }

  fs::path folder_;
};

TEST(ModelName, gets_the_tag_latest_unless_it_has_one) {
  EXPECT_EQ(with_tag("llama"), "llama:latest");
  EXPECT_EQ(with_tag("llama:1b"), "llama:1b");
  EXPECT_EQ(with_tag("host:5000/llama"), "host:5000/llama:latest");
  EXPECT_EQ(with_tag("host:5000/llama:q4"), "host:5000/llama:q4");
}

TEST_F(CatalogFolder, lists_files_and_folders_of_tags_by_name) {
  write("b.gguf", "1");
  write("a/q4.gguf", "22");
  write("a/q8.gguf", "22");
  write("a/readme.txt", "-");
  write("notes.txt", "-");
  EXPECT_EQ(names(Catalog(folder_)), (std::vector<std::string>{"a:q4", "a:q8", "b:latest"}));
}

TEST_F(CatalogFolder, finds_a_model_with_and_without_its_tag_in_either_case) {
  write("Story.gguf", "333");
  const Catalog catalog(folder_);
  for (const char* name : {"Story", "story", "story:latest", "STORY:Latest"}) {
    const Result<ModelFile> model = catalog.find(name);
    ASSERT_TRUE(model) << name;
    EXPECT_EQ(model->name, "Story:latest");
    EXPECT_EQ(model->size_bytes, 3U);
  }
}

TEST_F(CatalogFolder, says_which_model_is_not_there) {
  const Result<ModelFile> model = Catalog(folder_).find("nothing");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().kind, ErrorKind::not_found);
  EXPECT_EQ(model.error().message, "model 'nothing' not found");
}

TEST_F(CatalogFolder, never_leaves_the_folder_by_a_name) {
  write("inside.gguf", "1");
  const Catalog catalog(folder_ / "sub");
  EXPECT_FALSE(catalog.find("../inside"));
  EXPECT_FALSE(catalog.find("/etc/passwd"));
}

TEST_F(CatalogFolder, puts_named_files_before_the_folder) {
  write("models/tiny.gguf", "1");
  const fs::path other = write("elsewhere/other.gguf", "22");
  Catalog catalog(folder_ / "models");
  ASSERT_TRUE(catalog.add("tiny=" + other.string()));
  ASSERT_TRUE(catalog.add(other.string()));
  EXPECT_EQ(names(catalog), (std::vector<std::string>{"other:latest", "tiny:latest"}));
  EXPECT_EQ(catalog.find("tiny")->size_bytes, 2U);
}

TEST_F(CatalogFolder, refuses_a_named_file_that_is_not_there) {
  Catalog catalog(folder_);
  EXPECT_EQ(catalog.add("x=/nowhere/x.gguf").error().kind, ErrorKind::not_found);
  EXPECT_EQ(catalog.add("=").error().kind, ErrorKind::invalid);
}

TEST_F(CatalogFolder, is_empty_when_the_folder_is_missing) {
  EXPECT_TRUE(Catalog(folder_ / "missing").list().empty());
  EXPECT_TRUE(Catalog("").list().empty());
}

TEST_F(CatalogFolder, names_content_by_what_is_in_the_file) {
  write("a.gguf", "same");
  write("b.gguf", "same");
  write("c.gguf", "sane");
  write("empty.gguf", "");
  const Catalog catalog(folder_);
  const std::string a = *content_name(*catalog.find("a"));
  EXPECT_EQ(a.size(), 64U);
  EXPECT_EQ(a, *content_name(*catalog.find("b")));
  EXPECT_NE(a, *content_name(*catalog.find("c")));
  EXPECT_TRUE(content_name(*catalog.find("empty")));
}

}  // namespace
}  // namespace quire::store
