#include "gguf/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "gguf/file.h"
#include "support/tensor_bytes.h"
#include "test_data.h"

namespace quire::gguf {
namespace {

using testing::HasSubstr;

class Writing : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = std::filesystem::path(testing::TempDir()) / ("gguf_writer_" + std::to_string(::getpid()));
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
    path_ = dir_ / "out.gguf";
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  size_t files_in_dir() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(dir_), {}));
  }

  std::filesystem::path dir_;
  std::filesystem::path path_;
};

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), {});
  const auto bytes = std::as_bytes(std::span(content));
  return {bytes.begin(), bytes.end()};
}

// Writes metadata and tensors as they are in `file`.
Result<void> write_copy(const File& file, const std::filesystem::path& path) {
  std::vector<TensorSpec> specs;
  for (const TensorView& tensor : file.tensors()) specs.push_back({tensor.name, tensor.type, tensor.shape});
  QUIRE_TRY(Writer writer, Writer::create(path, file.metadata(), std::move(specs)));
  for (const TensorView& tensor : file.tensors()) QUIRE_TRY_VOID(writer.append(quire::test::bytes_of(tensor)));
  return writer.finish();
}

TEST_F(Writing, a_written_file_reads_back_with_every_value_type) {
  Metadata metadata;
  metadata.set("u8", uint8_t{200});
  metadata.set("i8", int8_t{-1});
  metadata.set("u16", uint16_t{60000});
  metadata.set("i16", int16_t{-2});
  metadata.set("u32", UINT32_MAX);
  metadata.set("i32", INT32_MIN);
  metadata.set("u64", UINT64_MAX);
  metadata.set("i64", INT64_MIN);
  metadata.set("f32", 1.25F);
  metadata.set("f64", 1e300);
  metadata.set("bool", true);
  metadata.set("string", std::string("z\0w", 3));
  metadata.set("bools", std::vector<bool>{false, true});
  metadata.set("strings", std::vector<std::string>{"", "abc"});
  metadata.set("u8s", std::vector<uint8_t>{1, 2});
  metadata.set("i8s", std::vector<int8_t>{-1});
  metadata.set("u16s", std::vector<uint16_t>{});
  metadata.set("i16s", std::vector<int16_t>{3});
  metadata.set("u32s", std::vector<uint32_t>{4});
  metadata.set("i32s", std::vector<int32_t>{5});
  metadata.set("u64s", std::vector<uint64_t>{6});
  metadata.set("i64s", std::vector<int64_t>{7});
  metadata.set("f32s", std::vector<float>{8});
  metadata.set("f64s", std::vector<double>{9});
  auto writer = Writer::create(path_, metadata, {});
  ASSERT_TRUE(writer) << writer.error().message;
  ASSERT_TRUE(writer->finish());
  const auto file = File::open(path_);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->version(), 3U);
  ASSERT_EQ(file->metadata().entries().size(), metadata.entries().size());
  for (size_t i = 0; i < metadata.entries().size(); ++i) {
    EXPECT_EQ(file->metadata().entries()[i], metadata.entries()[i]) << metadata.entries()[i].first;
  }
}

TEST_F(Writing, tensors_come_in_pieces_and_are_aligned) {
  const std::vector<TensorSpec> specs = {{"a", ElementType::q4_0, {32, 3, 1, 1}},
                                         {"b", ElementType::f32, {5, 1, 1, 1}},
                                         {"c", ElementType::f16, {2, 1, 3, 2}}};
  auto writer = Writer::create(path_, {}, specs);
  ASSERT_TRUE(writer) << writer.error().message;
  uint8_t next = 0;
  std::vector<std::byte> all;
  for (const TensorSpec& spec : specs) {
    std::vector<std::byte> bytes(static_cast<size_t>(spec.size_bytes()));
    for (std::byte& byte : bytes) byte = std::byte{next++};
    ASSERT_TRUE(writer->append(std::span(bytes).first(7)));
    ASSERT_TRUE(writer->append({}));
    ASSERT_TRUE(writer->append(std::span(bytes).subspan(7)));
  }
  EXPECT_FALSE(std::filesystem::exists(path_)) << "nothing appears before finish";
  ASSERT_TRUE(writer->finish());
  const auto file = File::open(path_);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->size_bytes(), writer->size_bytes());
  next = 0;
  for (size_t i = 0; i < specs.size(); ++i) {
    const TensorView& tensor = file->tensors()[i];
    EXPECT_EQ(tensor.name, specs[i].name);
    EXPECT_EQ(tensor.type, specs[i].type);
    EXPECT_EQ(tensor.shape, specs[i].shape);
    for (const std::byte byte : quire::test::bytes_of(tensor)) ASSERT_EQ(byte, std::byte{next++});
  }
}

TEST_F(Writing, without_finish_nothing_is_left_and_an_old_file_stays) {
  std::ofstream(path_) << "old";
  {
    auto writer = Writer::create(path_, {}, {{"a", ElementType::f32, {2, 1, 1, 1}}});
    ASSERT_TRUE(writer);
    const Writer moved = std::move(*writer);
  }
  EXPECT_EQ(files_in_dir(), 1U);
  EXPECT_EQ(read_file(path_).size(), 3U);
}

TEST_F(Writing, finish_replaces_an_old_file) {
  std::ofstream(path_) << "old";
  auto writer = Writer::create(path_, {}, {});
  ASSERT_TRUE(writer);
  ASSERT_TRUE(writer->finish());
  EXPECT_EQ(files_in_dir(), 1U);
  EXPECT_TRUE(File::open(path_));
}

TEST_F(Writing, what_the_format_cannot_hold_is_an_error_that_names_it) {
  const auto error = [&](std::vector<TensorSpec> specs) {
    const auto writer = Writer::create(path_, {}, std::move(specs));
    return writer ? std::string("no error") : writer.error().message;
  };
  EXPECT_THAT(error({{"", ElementType::f32, {1, 1, 1, 1}}}), HasSubstr("tensor name '' has 0 bytes"));
  EXPECT_THAT(error({{std::string(65, 'n'), ElementType::f32, {1, 1, 1, 1}}}), HasSubstr("has 65 bytes"));
  EXPECT_THAT(error({{"t", ElementType::f32, {0, 1, 1, 1}}}), HasSubstr("tensor 't' has a dimension of 0"));
  EXPECT_THAT(error({{"t", ElementType::f32, {1, -5, 1, 1}}}), HasSubstr("tensor 't' has a dimension of -5"));
  EXPECT_THAT(error({{"t", ElementType::f32, {int64_t{1} << 40, int64_t{1} << 40, 1, 1}}}), HasSubstr("2^48"));
  EXPECT_THAT(error({{"t", ElementType::q4_k, {128, 1, 1, 1}}}), HasSubstr("Q4_K needs a multiple of 256"));
  EXPECT_THAT(error({{"t", ElementType::f32, {1, 1, 1, 1}}, {"t", ElementType::f16, {1, 1, 1, 1}}}),
              HasSubstr("tensor 't' appears twice"));
  EXPECT_EQ(files_in_dir(), 0U);
}

TEST_F(Writing, a_place_that_cannot_be_written_is_a_clear_error) {
  EXPECT_THAT(Writer::create(dir_ / "absent" / "x.gguf", {}, {}).error().message,
              HasSubstr("No such file or directory"));
  EXPECT_THAT(Writer::create(dir_, {}, {}).error().message, HasSubstr("Is a directory"));
}

TEST_F(Writing, no_room_is_a_clear_error_and_leaves_nothing) {
  // A limit on the size of a file stands for a full disk: the same calls fail.
  rlimit old = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {.rlim_cur = 4096, .rlim_max = old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto writer = Writer::create(path_, {}, {{"t", ElementType::f32, {4096, 1, 1, 1}}});
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().kind, ErrorKind::io);
  EXPECT_THAT(writer.error().message, HasSubstr("out.gguf"));
  EXPECT_EQ(files_in_dir(), 0U);
}

TEST_F(Writing, general_alignment_is_written_as_what_it_is) {
  Metadata metadata;
  metadata.set("general.alignment", uint32_t{4096});
  auto writer = Writer::create(path_, metadata, {});
  ASSERT_TRUE(writer);
  ASSERT_TRUE(writer->finish());
  EXPECT_EQ(*File::open(path_)->metadata().find("general.alignment"), Value(uint32_t{32}));
}

TEST_F(Writing, a_copy_of_the_real_model_has_its_bytes) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  const auto file = File::open(path);
  ASSERT_TRUE(file);
  ASSERT_TRUE(write_copy(*file, path_));
  EXPECT_TRUE(read_file(path) == read_file(path_));
}

}  // namespace
}  // namespace quire::gguf
