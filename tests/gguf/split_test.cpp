// Models in several files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gguf/convert.h"
#include "gguf/file.h"
#include "gguf/writer.h"
#include "support/temporary_folder.h"
#include "support/tensor_bytes.h"

namespace quire::gguf {
namespace {

using quire::test::bytes_of;
using quire::test::TemporaryFolder;
using testing::AllOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

// One part of a made-up model of three: tensors "t0", "t1", ... of one row each, whose bytes are their number.
struct PartOf {
  int number = 0;
  int count = 3;
  std::vector<int> tensors;
  int tensor_count = 5;
};

fs::path write_part(const fs::path& path, const PartOf& part) {
  Metadata metadata;
  if (part.number == 0) metadata.set("general.architecture", std::string("llama"));
  metadata.set("split.no", static_cast<uint16_t>(part.number));
  metadata.set("split.count", static_cast<uint16_t>(part.count));
  metadata.set("split.tensors.count", static_cast<int32_t>(part.tensor_count));
  std::vector<TensorSpec> specs;
  for (const int tensor : part.tensors) specs.push_back({"t" + std::to_string(tensor), ElementType::f32, {4, 1, 1, 1}});
  auto writer = Writer::create(path, metadata, specs);
  EXPECT_TRUE(writer);
  for (const int tensor : part.tensors) {
    EXPECT_TRUE(writer->append(std::vector<std::byte>(16, static_cast<std::byte>(tensor))));
  }
  EXPECT_TRUE(writer->finish());
  return path;
}

class Split : public testing::Test {
 protected:
  fs::path name(int part) const { return folder_.path() / ("m-0000" + std::to_string(part + 1) + "-of-00003.gguf"); }
  // A sound model; its first part.
  fs::path write_all() const {
    write_part(name(2), {.number = 2, .tensors = {4}});
    write_part(name(1), {.number = 1, .tensors = {2, 3}});
    return write_part(name(0), {.number = 0, .tensors = {0, 1}});
  }
  std::string open_error() const {
    const auto file = File::open(name(0));
    return file ? "" : file.error().message;
  }

  TemporaryFolder folder_;
};

void expect_whole(const Result<File>& file) {
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->tensors().size(), 5U);
  for (int i = 0; i < 5; ++i) {
    const TensorView* tensor = file->find_tensor("t" + std::to_string(i));
    ASSERT_NE(tensor, nullptr);
    EXPECT_EQ(bytes_of(*tensor), std::vector<std::byte>(16, static_cast<std::byte>(i)));
  }
  EXPECT_EQ(file->metadata().get_string("general.architecture").value(), "llama");
  EXPECT_FALSE(file->metadata().contains("split.count")) << "what was put together is whole";
  EXPECT_TRUE(file->check_unchanged());
}

TEST_F(Split, the_first_part_opens_all) {
  const fs::path first = write_all();
  const auto file = File::open(first);
  expect_whole(file);
  EXPECT_EQ(file->size_bytes(), fs::file_size(name(0)) + fs::file_size(name(1)) + fs::file_size(name(2)));
}

TEST_F(Split, parts_of_any_name_open_when_they_are_given) {
  write_all();
  const std::vector<fs::path> parts = {folder_.path() / "sha256-a", folder_.path() / "sha256-b",
                                       folder_.path() / "sha256-c"};
  for (int i = 0; i < 3; ++i) fs::rename(name(i), parts[static_cast<size_t>(i)]);
  expect_whole(File::open(parts));
  EXPECT_THAT(File::open(parts[0]).error().message,
              AllOf(HasSubstr("sha256-a"), HasSubstr("does not end in -00001-of-00003")));
  EXPECT_THAT(File::open(std::vector{parts[0], parts[1]}).error().message,
              AllOf(HasSubstr("sha256-a"), HasSubstr("part 1 of 3; expected part 1 of 2")));
  EXPECT_THAT(File::open(std::vector{parts[0], parts[2], parts[1]}).error().message,
              AllOf(HasSubstr("sha256-c"), HasSubstr("part 3 of 3; expected part 2 of 3")));
}

TEST_F(Split, another_part_than_the_first_says_what_to_open) {
  write_all();
  EXPECT_THAT(File::open(name(1)).error().message,
              AllOf(HasSubstr("m-00002-of-00003.gguf"), HasSubstr("part 2 of 3 of a model; open the first one")));
}

TEST_F(Split, a_missing_part_is_named) {
  write_all();
  fs::remove(name(2));
  EXPECT_THAT(open_error(), AllOf(HasSubstr("part 3 of 3: "), HasSubstr("m-00003-of-00003.gguf")));
  EXPECT_EQ(File::open(name(0)).error().kind, ErrorKind::not_found);
}

TEST_F(Split, a_damaged_part_is_named) {
  write_all();
  fs::resize_file(name(1), 40);
  EXPECT_THAT(open_error(), AllOf(HasSubstr("part 2 of 3: "), HasSubstr("m-00002-of-00003.gguf")));
}

TEST_F(Split, a_part_of_another_model_is_named) {
  write_all();
  write_part(name(1), {.number = 1, .count = 2, .tensors = {2, 3}});
  EXPECT_THAT(open_error(), AllOf(HasSubstr("m-00002-of"), HasSubstr("part 2 of 2; expected part 2 of 3")));
  write_part(name(1), {.number = 2, .tensors = {2, 3}});
  EXPECT_THAT(open_error(), AllOf(HasSubstr("m-00002-of"), HasSubstr("part 3 of 3; expected part 2 of 3")));
  write_part(name(1), {.number = 1, .tensors = {2, 1}});
  EXPECT_THAT(open_error(), AllOf(HasSubstr("m-00002-of"), HasSubstr("tensor 't1' appears twice")));
  write_part(name(1), {.number = 1, .tensors = {2}});
  EXPECT_THAT(open_error(), HasSubstr("its 3 parts have 4 tensors; expected 5"));
}

TEST_F(Split, absurd_numbers_are_refused) {
  write_all();
  write_part(name(0), {.number = 3, .tensors = {0, 1}});
  EXPECT_THAT(open_error(), HasSubstr("'split.no' is 3"));
  write_part(name(0), {.number = 0, .count = 60000, .tensors = {0, 1}});
  EXPECT_THAT(open_error(), HasSubstr("'split.count' is 60000"));
}

TEST_F(Split, a_file_that_says_it_is_the_only_part_has_any_name) {
  const fs::path path = write_part(folder_.path() / "any.gguf", {.count = 1, .tensors = {0}, .tensor_count = 1});
  EXPECT_EQ(File::open(path)->tensors().size(), 1U);
  EXPECT_EQ(File::open(std::vector{path})->tensors().size(), 1U);
}

TEST_F(Split, a_part_that_changes_is_a_change_of_the_model) {
  const auto file = File::open(write_all());
  ASSERT_TRUE(file);
  fs::resize_file(name(1), 40);
  EXPECT_THAT(file->check_unchanged().error().message, HasSubstr("m-00002-of-00003.gguf"));
}

TEST_F(Split, quantizing_puts_the_parts_together) {
  const auto file = File::open(write_all());
  ASSERT_TRUE(file);
  Team team(1);
  const fs::path out = folder_.path() / "whole.gguf";
  ASSERT_TRUE(convert_file(*file, FileType::f32, out, team, [](uint64_t, uint64_t) {}));
  expect_whole(File::open(out));
}

}  // namespace
}  // namespace quire::gguf
